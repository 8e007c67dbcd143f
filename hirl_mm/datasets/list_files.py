"""Reading lists of images, one per line, with or without labels."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from hirl_mm.files import replacing

Entry = tuple[str, int]
# What may lead out of a folder: other paths are not looked at closely.
_SUSPECT = re.compile(r'^/|(^|/)\.\.(/|$)|://|\0')


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


def read_entries(path: str | os.PathLike, root: str = '') -> list[Entry]:
    """Read a list with lines ``path label``, separated by spaces or tabs.

    Args:
        path: Path of the list.
        root: Folder of the images, out of which no path may lead; empty if
            there is none.

    Returns:
        Path and label of every image.

    Raises:
        ValueError: If a line has no label, or its path leads out of the
            folder; the error names file and line.
    """
    entries = []
    for number, line in read_lines(path):
        image, label = _entry(line, f'{path}, line {number}')
        check_inside(image, root, f'{path}, line {number}')
        entries.append((image, label))
    return entries


def read_paths(
    path: str | os.PathLike, extensions: tuple[str, ...], root: str = ''
) -> list[str]:
    """Read the paths of a list; a label after the path is left out.

    Args:
        path: Path of the list.
        extensions: Extensions of images, in lower case. They tell a label
            from the end of a path that contains spaces.
        root: Folder of the images, out of which no path may lead; empty if
            there is none.

    Returns:
        Path of every image.

    Raises:
        ValueError: If a path leads out of the folder; the error names file
            and line.
    """
    paths = []
    for number, line in read_lines(path):
        paths.append(without_label(line, extensions))
        check_inside(paths[-1], root, f'{path}, line {number}')
    return paths


def check_inside(image: str, root: str, where: str) -> None:
    """Check that the path of an image stays in the folder of the images.

    Links in that folder may lead anywhere: who has made the folder has made
    them.

    Args:
        image: Path from a list.
        root: Folder of the images, or its address; empty if there is none.
        where: Where the path stands, for errors.

    Raises:
        ValueError: If it leads out of the folder.

    Example:
        >>> check_inside('a/../b.png', 'data', 'list.txt, line 3')
        >>> check_inside('../b.png', 'data', 'list.txt, line 3')
        Traceback (most recent call last):
        ...
        ValueError: list.txt, line 3: '../b.png' leads out of data, the \
folder of the images. Correct the line, or set data_root and data_prefix to \
a folder that holds all images of the list
    """
    if root and _SUSPECT.search(image) and _leads_out(image, root):
        raise ValueError(
            f'{where}: {image!r} leads out of {root}, the folder of the '
            'images. Correct the line, or set data_root and data_prefix to a '
            'folder that holds all images of the list'
        )


def _leads_out(image: str, root: str) -> bool:
    if '://' in image or '\0' in image:
        return True
    if '://' in root:
        return image[:1] == '/' or os.path.normpath(image)[:2] == '..'
    inside = os.path.abspath(os.path.expanduser(root))
    path = os.path.abspath(os.path.join(inside, image))
    return not path.startswith(os.path.join(inside, ''))


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
