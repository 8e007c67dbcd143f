"""Compare how long the parts of an epoch take in several runs."""

from .epochs import PARTS, first_to_compare, mean_epoch, read_epochs
from .report import paper_table, time_table, write_epoch_times

__all__ = [
    'PARTS',
    'first_to_compare',
    'mean_epoch',
    'paper_table',
    'read_epochs',
    'time_table',
    'write_epoch_times',
]
