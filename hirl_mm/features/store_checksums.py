"""Checksums of the files of a feature store."""

import json
import os
from pathlib import Path

from hirl_mm.files import replacing
from hirl_mm.files.archive import checksum

_FILE = 'checksums.json'


def write_checksums(folder: str | os.PathLike) -> None:
    """Write the CRC32 of all arrays of a store, beside them.

    Args:
        folder: Folder of the store.
    """
    sums = {file.name: checksum(file) for file in Path(folder).glob('*.npy')}
    with replacing(Path(folder) / _FILE) as temporary:
        temporary.write_text(json.dumps(sums, indent=2) + '\n')


def damaged_file(folder: str | os.PathLike) -> Path | None:
    """Return a file of a store that holds other bytes than were written.

    All files are read as a whole: 0.2 s of one core per GB. Stores of earlier
    versions have no checksums; in them nothing is found.

    Args:
        folder: Folder of the store.

    Returns:
        The file, or None if there is no damage.
    """
    folder = Path(folder)
    try:
        sums = dict(json.loads((folder / _FILE).read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError):
        return folder / _FILE
    for name, expected in sums.items():
        file = folder / Path(name).name
        if not file.is_file() or checksum(file) != expected:
            return file
    return None
