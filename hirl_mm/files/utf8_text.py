import os
from pathlib import Path


def read_utf8(path: str | os.PathLike, encoding: str = 'utf-8-sig') -> str:
    """Return the text of a file in UTF-8.

    Args:
        path: The file.
        encoding: ``'utf-8'`` to keep a byte order mark.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is in another encoding; the error names the file.

    Example:
        >>> _ = Path('café.txt').write_bytes(b'caf\\xe9')
        >>> read_utf8('café.txt')
        Traceback (most recent call last):
        ...
        ValueError: café.txt is not UTF-8: unexpected end of data at byte 3. \
Convert the file
    """
    try:
        return Path(path).read_text(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path} is not UTF-8: {error.reason} at byte {error.start}. '
            'Convert the file'
        ) from error
