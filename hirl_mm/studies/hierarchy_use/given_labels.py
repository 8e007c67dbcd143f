"""Labels of a few images, as people write them down."""

import csv
import os
from collections.abc import Sequence
from typing import NamedTuple

from hirl_mm.datasets.shards.locations import plain_path
from hirl_mm.tables import printable

_HEADS = 'label', 'class'


class GivenLabels(NamedTuple):
    """Labels of images.

    Args:
        files: n names of files, each once.
        labels: n numbers of classes.
        class_names: Names of the classes, sorted.
    """

    files: list[str]
    labels: list[int]
    class_names: list[str]


def read_labels(path: str | os.PathLike) -> GivenLabels:
    """Read a table with a line ``file,label`` per image.

    It is a CSV file: names with commas or line breaks stand in quotes. A first
    line ``file,label`` is left out, and so are blank lines.

    Args:
        path: The file.

    Raises:
        ValueError: If a line has no label, a file has several different
            labels, or there are none.
    """
    found: dict[str, str] = {}
    with open(
        path, encoding='utf-8-sig', errors='surrogateescape', newline=''
    ) as file:
        reader = csv.reader(file, strict=True)
        try:
            for row in reader:
                if not any(map(str.strip, row)):
                    continue
                where = f'{path}, line {reader.line_num}'
                name, label = _entry(row, where)
                if not found and label.lower() in _HEADS:
                    continue
                if found.setdefault(name, label) != label:
                    raise ValueError(
                        f'{where}: {printable(name)} has the labels '
                        f'{printable(found[name])} and {printable(label)}: '
                        'give it one'
                    )
        except csv.Error as error:
            raise ValueError(
                f'{path}, line {reader.line_num}: no table of '
                f'file,label ({error})'
            ) from error
    if not found:
        raise ValueError(f'{path} has no line file,label')
    names = sorted(set(found.values()))
    number = {name: i for i, name in enumerate(names)}
    labels = [number[label] for label in found.values()]
    return GivenLabels([*found], labels, names)


def _entry(row: Sequence[str], where: str) -> tuple[str, str]:
    if len(row) != 2 or not row[0] or not row[1].strip():
        raise ValueError(
            f'{where}: expected a file and its label, such as '
            f"'photos/a.jpg,cat', got {printable(','.join(row))!r}"
        )
    return row[0], row[1].strip()


def find_files(
    names: Sequence[str], paths: Sequence[str], folder: str | os.PathLike
) -> list[int | None]:
    """Find images by the names that people give them.

    A name is a path, relative to the current folder or to ``folder``, or the
    end of the path of a single image, such as ``cat/1.jpg``.

    Args:
        names: n names.
        paths: Paths of the images that may be meant.
        folder: Folder of the file that holds the names.

    Returns:
        Number of the image of every name; None if it is none of them.

    Raises:
        ValueError: If a name is the end of the paths of several images.
    """
    whole: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        for path in {name, os.path.join(folder, name)}:
            whole.setdefault(os.path.abspath(path), []).append(i)
        ends.setdefault(os.path.basename(name), []).append(i)
    exact: list[int | None] = [None] * len(names)
    by_end: list[list[int]] = [[] for _ in names]
    for number, path in enumerate(paths):
        plain = plain_path(path)
        for i in whole.get(os.path.abspath(plain), ()):
            exact[i] = number
        for i in ends.get(os.path.basename(plain), ()):
            if f'/{plain}'.endswith(f'/{names[i].lstrip("/")}'):
                by_end[i].append(number)
    found: list[int | None] = []
    for name, same, several in zip(names, exact, by_end, strict=True):
        if same is None and len(several) > 1:
            shown = ', '.join(printable(paths[k]) for k in several[:3])
            raise ValueError(
                f'{printable(name)} may be {shown}: give more of its path'
            )
        found.append(several[0] if same is None and several else same)
    return found
