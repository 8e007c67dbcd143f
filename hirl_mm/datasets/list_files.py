"""Reading lists of images, one per line, with or without labels."""

import os
from pathlib import Path

Entry = tuple[str, int]


def read_lines(path: str | os.PathLike) -> list[tuple[int, str]]:
    """Return the lines of a text file that are not blank, with their numbers.

    White space around a line, line ends of Windows and a byte order mark do
    not count.

    Args:
        path: Path of the file.

    Returns:
        Number of the line, from 1, and its text.
    """
    lines = Path(path).read_text(encoding='utf-8-sig').split('\n')
    numbered = enumerate(map(str.strip, lines), start=1)
    return [(number, line) for number, line in numbered if line]


def read_entries(path: str | os.PathLike) -> list[Entry]:
    """Read a list with lines ``path label``, separated by spaces or tabs.

    Args:
        path: Path of the list.

    Returns:
        Path and label of every image.

    Raises:
        ValueError: If a line has no label; the error names file and line.
    """
    return [_entry(line, f'{path}, line {n}') for n, line in read_lines(path)]


def read_paths(
    path: str | os.PathLike, extensions: tuple[str, ...]
) -> list[str]:
    """Read the paths of a list; a label after the path is left out.

    Args:
        path: Path of the list.
        extensions: Extensions of images, in lower case. They tell a label
            from the end of a path that contains spaces.

    Returns:
        Path of every image.
    """
    return [without_label(line, extensions) for _, line in read_lines(path)]


def _entry(line: str, where: str) -> Entry:
    parts = line.rsplit(maxsplit=1)
    if len(parts) != 2 or not parts[1].lstrip('-').isdecimal():
        raise ValueError(
            f'{where}: expected the path of an image and its label, such as '
            f"'folder/image.jpg 3', got {line!r}. Training needs the labels"
        )
    return parts[0], int(parts[1])


def without_label(line: str, extensions: tuple[str, ...]) -> str:
    """Return the path of a line, without a label that may follow.

    Args:
        line: Line of a list.
        extensions: Extensions of images, in lower case. They tell a label
            from the end of a path that contains spaces.
    """
    path, *label = line.rsplit(maxsplit=1)
    if label and label[0].isdecimal() and path.lower().endswith(extensions):
        return path
    return line
