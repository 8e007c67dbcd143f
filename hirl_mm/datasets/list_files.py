"""Reading lists of images, one per line, with or without labels."""

import os
from collections.abc import Iterable
from pathlib import Path

from hirl_mm.files import replacing

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
    # Names of files may hold bytes that are no UTF-8.
    text = Path(path).read_text('utf-8-sig', errors='surrogateescape')
    lines = text.split('\n')
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


def write_list(
    path: str | os.PathLike, lines: Iterable[tuple[str, str]]
) -> list[str]:
    """Write a list that the functions above read.

    A name with a line break, with white space at an end, or with what looks
    like a label behind the extension does not fit in a line of a list. Such
    images are left out.

    Args:
        path: Path of the list; it is replaced as a whole.
        lines: Path of every image, and its label or an empty text.

    Returns:
        The images that were left out.
    """
    left_out = []
    with (
        replacing(path) as temporary,
        open(
            temporary, 'w', encoding='utf-8', errors='surrogateescape'
        ) as file,
    ):
        for image, label in lines:
            if _fits(image):
                file.write(f'{image} {label}'.rstrip() + '\n')
            else:
                left_out.append(image)
    return left_out


def _fits(image: str) -> bool:
    breaks = any(mark in image for mark in '\n\r')
    _, *label = image.rsplit(maxsplit=1)
    looks_labelled = bool(label) and label[0].isdecimal()
    starts = image.startswith('\ufeff')
    return image == image.strip() and not (breaks or looks_labelled or starts)


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
