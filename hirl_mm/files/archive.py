"""Finding damage in files of ``torch.save``."""

import os
import struct
import zipfile
import zlib

_ZIP = b'PK\x03\x04'
_INSTEAD = 'Use an earlier file, or write this one again'


class BrokenFileError(OSError):
    """A file is incomplete, or holds other bytes than were written."""


def is_archive(path: str | os.PathLike) -> bool:
    """Whether a file is a ZIP archive, as ``torch.save`` writes them."""
    with open(path, 'rb') as file:
        return file.read(len(_ZIP)) == _ZIP


def check_archive(path: str | os.PathLike) -> None:
    """Check that a file of ``torch.save`` holds the bytes that were written.

    Every tensor is stored with a CRC32, at which ``torch.load`` does not look:
    a flipped bit changes a weight without a word. The file is read as a
    whole, which takes 0.2 s of one core per GB, less than half of what
    ``torch.load`` takes. Files of PyTorch before 1.6 have no checksums; in
    them nothing is checked.

    Args:
        path: Path of the file.

    Raises:
        BrokenFileError: If the file is incomplete or damaged.

    Example:
        >>> import torch
        >>> torch.save(dict(weight=torch.ones(3)), 'weights.pth')
        >>> check_archive('weights.pth')
    """
    if not is_archive(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    # A damaged header asks for features or lengths that there are not.
    except (
        *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
        *(NotImplementedError, RuntimeError, ValueError),
    ) as error:
        raise BrokenFileError(
            f'{path} is incomplete or damaged, {type(error).__name__}: '
            f'{error}. {_INSTEAD}'
        ) from error
    if damaged is not None:
        raise BrokenFileError(
            f'{path} is damaged: its part {damaged} has another checksum than '
            f'when it was written. {_INSTEAD}'
        )


def checksum(path: str | os.PathLike) -> int:
    """Return the CRC32 of a file's bytes; 0.2 s of one core per GB."""
    value = 0
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return value
