"""Annotation files of MMPreTrain, with a line ``path label`` per image."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hirl_mm.datasets.list_files import Entry, read_entries
from hirl_mm.files import replacing


def read_annotations(
    path: str | os.PathLike, num_classes: int, root: str = ''
) -> list[Entry]:
    """Read and check an annotation file with lines ``path label``.

    Args:
        path: Path of the annotation file.
        num_classes: Number of classes; labels are 0 to ``num_classes - 1``.
        root: Folder of the images; empty if there is none.

    Returns:
        Path and label of every image.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a line has no label, a path leads out of the folder, a
            label is out of range, or a class has no image.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no annotation file {path}: write it with the tool in '
            'tools/dataset_converters for this data set'
        )
    entries = read_entries(path, root)
    check_labels([label for _, label in entries], num_classes, str(path))
    return entries


def write_annotations(
    path: str | os.PathLike, entries: Iterable[Entry]
) -> None:
    """Write the file that :func:`read_annotations` reads."""
    with replacing(path) as temporary:
        temporary.write_text(
            ''.join(f'{image} {label}\n' for image, label in entries)
        )


def check_labels(
    labels: Sequence[int],
    num_classes: int,
    source: str,
    names: Sequence[str] | None = None,
) -> None:
    """Check that labels are in range and that every class has an image.

    Args:
        labels: (N,) integers, the label of every image.
        num_classes: Number of classes; labels are 0 to ``num_classes - 1``.
        source: Name of the file with the labels, for the error message.
        names: Names of the classes for the error message; None for their
            numbers.

    Raises:
        ValueError: If a label is out of range or a class has no image.
    """
    counts = Counter(labels)
    unknown = sorted(set(counts) - set(range(num_classes)))
    if unknown:
        raise ValueError(
            f'{source} has labels out of range, {unknown[:5]}: they must lie '
            f'between 0 and {num_classes - 1}. Correct the file, or set '
            'num_classes in the data, the data_preprocessor and the head'
        )
    empty = [k for k in range(num_classes) if not counts[k]]
    if empty:
        shown = [str(names[k] if names else k) for k in empty[:5]]
        more = ', ...' if len(empty) > 5 else ''
        raise ValueError(
            f'{source} has no image of {len(empty)} of the {num_classes} '
            f'classes: {", ".join(shown)}{more}. A classifier cannot learn '
            'these classes: add images of them to the file, or use the whole '
            'list'
        )


def check_images(
    entries: Sequence[Entry], folder: str | os.PathLike, source: str
) -> None:
    """Check that the images of a list exist.

    Args:
        entries: Path, relative to ``folder``, and label of every image.
        folder: Folder of the images.
        source: Name of the list, for the error message.

    Raises:
        FileNotFoundError: If images are missing.
    """
    missing = [e[0] for e in entries if not Path(folder, e[0]).is_file()]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} of the {len(entries)} images of {source} that '
            f'were looked up are not in {folder}: {", ".join(missing[:3])}'
            f'{", ..." if len(missing) > 3 else ""}. Give the folder to which '
            'the paths of the list are relative, and unpack the whole data '
            'set'
        )


def first_of_every_class(entries: Iterable[Entry]) -> list[Entry]:
    """Return the first entry of every label, for a quick check of a list."""
    first: dict[int, Entry] = {}
    for image, label in entries:
        first.setdefault(label, (image, label))
    return list(first.values())
