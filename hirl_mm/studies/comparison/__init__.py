"""Compare all results of pre-trained networks in a table and a picture."""

from .gather import gather_results
from .report import load_results, write_comparison, write_results

__all__ = [
    'gather_results',
    'load_results',
    'write_comparison',
    'write_results',
]
