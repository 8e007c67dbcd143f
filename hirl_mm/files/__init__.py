"""Writing files whole, checking that they are, and clearing up."""

from .archive import BrokenFileError, check_archive
from .disk_errors import FullDiskError
from .leftovers import remove_leftovers
from .replacing import check_replaceable, replacing, replacing_folder

__all__ = [
    'BrokenFileError',
    'FullDiskError',
    'check_archive',
    'check_replaceable',
    'remove_leftovers',
    'replacing',
    'replacing_folder',
]
