class StackError(ImportError):
    """Raised if a required package is missing or does not fit the others."""
