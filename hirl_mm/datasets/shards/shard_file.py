"""The format of a shard: a tar file that begins with what it is a part of."""

import os
import tarfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from hirl_mm.datasets.shards.shard_index import Places
from hirl_mm.files import replacing

_BLOCK = 512
# A hidden file, so that a folder into which a shard is unpacked has the same
# images as before.
_LABEL = '.hirl_mm-shard'


def shard_name(number: int) -> str:
    """Return the name of a shard.

    Example:
        >>> shard_name(7)
        'shard-00007.tar'
    """
    return f'shard-{number:05d}.tar'


def write_shard(
    path: str | os.PathLike,
    label: str,
    folder: str | os.PathLike,
    names: Iterable[str],
) -> Places:
    """Write files of a folder to a shard, which ``tar`` can unpack.

    The same files give the same bytes: owners and times are left out.

    Args:
        path: Path of the shard.
        label: Text that tells what the shard is a part of.
        folder: The folder.
        names: Paths of n files in the folder.

    Returns:
        Where the files are in the shard.

    Raises:
        OSError: If a file cannot be read, or the shard not be written.
    """
    offsets, sizes, sums = [], [], []
    with replacing(path) as temporary, open(temporary, 'wb') as out:
        _add(out, _LABEL, label.encode())
        for name in names:
            with open(os.path.join(folder, name), 'rb') as file:
                content = file.read()
            offsets.append(_add(out, name, content))
            sizes.append(len(content))
            sums.append(zlib.crc32(content))
        out.write(bytes(2 * _BLOCK))
    return Places(
        np.array(offsets, dtype=np.int64),
        np.array(sizes, dtype=np.int64),
        np.array(sums, dtype=np.uint32),
    )


def shard_label(path: str | os.PathLike) -> str | None:
    """Return the label of a shard; None if the file is no tar file.

    A tar file that is no shard gives what its first file begins with.

    Raises:
        OSError: If the file cannot be read.
    """
    with open(path, 'rb') as file:
        start = file.read(2 * _BLOCK)
    try:
        header = tarfile.TarInfo.frombuf(start[:_BLOCK], 'utf-8', 'strict')
    except tarfile.HeaderError:
        return None
    return start[_BLOCK : _BLOCK + header.size].decode(errors='replace')


def _add(out: BinaryIO, name: str, content: bytes) -> int:
    """Append a file to a tar file; return where its content begins."""
    header = tarfile.TarInfo(name)
    header.size = len(content)
    out.write(
        header.tobuf(tarfile.GNU_FORMAT, 'utf-8', errors='surrogateescape')
    )
    offset = out.tell()
    out.write(content)
    out.write(bytes(-len(content) % _BLOCK))
    return offset
