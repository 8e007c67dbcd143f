from .first_output import FirstOutput
from .output_dim import output_dim

__all__ = ['FirstOutput', 'output_dim']
