"""Names of files that are being written, which tell who writes them."""

import os
import platform
import re
import secrets
import zlib
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r'\..+-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}(\.[^.]*)?')


def temporary_name(path: Path) -> Path:
    """Return a name beside ``path`` for the file that will replace it.

    It begins with a dot and has the suffix of ``path``. Between them are the
    machine, the number of this process and a random number, as in
    ``.epoch_3-5d41402a-1234-9c1185a5.pth``.
    """
    unique = f'{_machine()}-{os.getpid()}-{secrets.token_hex(4)}'
    return path.with_name(f'.{path.stem}-{unique}{path.suffix}')


def writer_of(name: str) -> tuple[bool, int] | None:
    """Return who writes a file, by its name.

    Returns:
        Whether it is a process of this machine, and its number; None if it is
        no name of :func:`temporary_name`.
    """
    found = _NAME.fullmatch(name)
    return found and (found[1] == _machine(), int(found[2]))


def _machine() -> str:
    """Name of what numbers its processes: a machine, or a container on it."""
    name = platform.node()
    with suppress(OSError):  # Not Linux.
        name += str(os.stat('/proc/self/ns/pid').st_ino)
    return f'{zlib.crc32(name.encode()):08x}'
