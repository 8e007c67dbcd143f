class StackError(ImportError):
    """A package beneath hirl_mm is missing, or does not fit the others."""
