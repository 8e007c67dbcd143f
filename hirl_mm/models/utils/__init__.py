from .first_output import FirstOutput

__all__ = ['FirstOutput']
