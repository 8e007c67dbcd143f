"""Writing files atomically."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path; on success its file replaces ``path``.

    Readers therefore never see a file that is only partly written. The
    temporary file has the suffix of ``path``, since some writers choose the
    format by the suffix. If the block raises an error, the temporary file is
    deleted and ``path`` is not changed.

    Args:
        path: Path of the file to write; its folder is created if missing.

    Example:
        >>> with replacing('report.json') as temporary:
        ...     _ = temporary.write_text('{}')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Processes of two machines may have the same number.
    unique = f'{os.getpid()}-{secrets.token_hex(4)}'
    temporary = path.with_name(f'.{path.stem}-{unique}{path.suffix}')
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
