class StartError(ValueError):
    """Raised before the first iteration of a training that cannot run."""


class StoppedError(RuntimeError):
    """Raised by a training that ends itself, because to go on is no use."""
