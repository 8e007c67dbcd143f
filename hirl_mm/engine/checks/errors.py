class StartError(ValueError):
    """Raised before the first iteration of a training that cannot run."""


class StoppedError(RuntimeError):
    """Raised by a training that ends itself, because to go on is no use."""


class StoppedBySignal(StoppedError):
    """Raised by a training that has saved its state, to go on later."""
