"""Writing files so that a reader never meets half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place on success.

    The temporary file keeps the suffix of ``path``, so that writers which
    choose a format by suffix work on it. If the block raises, the temporary
    file is deleted and whatever was at ``path`` before stays as it was.

    Example:
        >>> with replacing('report.json') as temporary:
        ...     _ = temporary.write_text('{}')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.stem}-{os.getpid()}{path.suffix}')
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
