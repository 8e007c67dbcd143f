class StartError(ValueError):
    """Raised before the first iteration of a training that cannot run."""
