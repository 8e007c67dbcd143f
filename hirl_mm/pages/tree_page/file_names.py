"""Names of image files on a page, and their addresses."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hirl_mm.datasets.shards.locations import in_shards, plain_path
from hirl_mm.pages.frame.text import shown_text
from hirl_mm.structures.name_column import NameColumn

# What JavaScript's encodeURIComponent keeps, and the separator.
_SAFE = "/-_.!~*'()"


@dataclass(frozen=True)
class FileNames:
    """Names of files below the folder that they have in common.

    Args:
        folder: The common folder with a separator at the end; empty if there
            is none.
        names: Paths below it, as the system has them.
        are_files: Whether the names are those of files of their own, to
            which a page can link.
    """

    folder: str
    names: Sequence[str]
    are_files: bool

    def shown(self, sample: int) -> str:
        """Return the name of an image, harmless and on one line."""
        return shown_text(self.names[sample])

    def address(self, sample: int) -> str | None:
        """Return the address of a file below the common folder.

        Returns:
            None if it follows from the name, as for most files.
        """
        if self.names[sample] == self.shown(sample):
            return None
        return quote(os.fsencode(self.names[sample]), safe=_SAFE)

    def base(self, page: Path) -> str | None:
        """Return the address of the common folder from that of a page.

        Args:
            page: Folder of the page.

        Returns:
            An address with a slash at the end; None without files.
        """
        if not self.are_files:
            return None
        folder = os.path.relpath(self.folder or '.', page)
        return quote(os.fsencode(folder), safe=_SAFE) + '/'


def file_names(paths: Sequence[str], are_files: bool = True) -> FileNames:
    """Split paths into their common folder and the rest.

    Args:
        paths: Paths of images, absolute or relative to the current folder.
        are_files: Whether there are such files.

    Example:
        >>> found = file_names(['data/cat/1.png', 'data/cow/1.png'])
        >>> found.folder, list(found.names)
        ('data/', ['cat/1.png', 'cow/1.png'])
    """
    are_files = are_files and not any(map(in_shards, paths))
    plain = NameColumn(map(plain_path, paths))
    # Of all texts, the first and the last have the least in common.
    common = os.path.commonprefix([min(plain), max(plain)])
    folder = common[: common.rfind('/') + 1]
    names = NameColumn(path[len(folder) :] for path in plain)
    return FileNames(folder, names, are_files)
