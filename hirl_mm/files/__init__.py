"""Writing files whole, checking that they are, and clearing up."""

from .archive import BrokenFileError, check_archive
from .disk_errors import FullDiskError
from .leftovers import remove_leftovers
from .replacing import check_replaceable, replacing, replacing_folder
from .utf8_text import read_utf8

__all__ = [
    'BrokenFileError',
    'FullDiskError',
    'check_archive',
    'check_replaceable',
    'read_utf8',
    'remove_leftovers',
    'replacing',
    'replacing_folder',
]
