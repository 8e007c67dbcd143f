"""Which files of a folder are images, and which of its folders are classes."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

# What MMPreTrain's CustomDataset lists unless it is told otherwise.
LISTED = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif')
# Other formats that OpenCV decodes.
UNLISTED = (
    *('.avif', '.dib', '.exr', '.gif', '.hdr', '.jp2', '.jpe', '.pbm'),
    *('.pfm', '.pnm', '.pxm', '.ras', '.sr', '.tiff', '.webp'),
)
_IMAGES = {*LISTED, *UNLISTED}


def files_in(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the files below a folder, at any depth, in no order.

    Hidden files are left out, those in hidden folders are not. Links are
    followed, as MMEngine does.

    Args:
        folder: A local folder.

    Yields:
        Paths relative to ``folder``, with forward slashes.
    """
    for parent, _, names in os.walk(folder, followlinks=True):
        start = Path(parent).relative_to(folder).as_posix()
        start = '' if start == '.' else f'{start}/'
        for name in names:
            if not name.startswith('.'):
                yield start + name


def visible_files(folder: str | os.PathLike[str]) -> list[str]:
    """Return the files below a folder that are in no hidden folder."""
    return [file for file in files_in(folder) if not is_hidden(file)]


def folders_in(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names of the subfolders that are not hidden, sorted."""
    return sorted(
        entry.name
        for entry in os.scandir(folder)
        if entry.is_dir() and not entry.name.startswith('.')
    )


def is_hidden(path: str) -> bool:
    """Whether a folder of a path is hidden, as ``.ipynb_checkpoints`` is.

    Args:
        path: Path of a file relative to the folder of a data set.
    """
    return any(part.startswith('.') for part in Path(path).parts[:-1])


def class_of(path: str) -> str:
    """Return the class folder of a file; empty if it is in none.

    Args:
        path: Path of a file relative to the folder of a data set.
    """
    return path.partition('/')[0] if '/' in path else ''


def by_class(files: Iterable[str]) -> list[str]:
    """Sort files as a labelled data set reads them, class by class.

    The order of all paths may be another one: ``cat/2.png`` comes after
    ``cat-2/1.png``, but the class ``cat`` before ``cat-2``.

    Args:
        files: Paths relative to the folder of the data set.

    Returns:
        The files that have a class folder, sorted.
    """
    return sorted(
        (f for f in files if '/' in f), key=lambda f: (class_of(f), f)
    )


def left_out(
    files: Iterable[str], extensions: Sequence[str], with_label: bool
) -> dict[str, int]:
    """Count the images of a folder that a data set leaves out.

    These are images whose extension it does not list and, if the folders are
    the classes, images beside these folders.

    Args:
        files: Paths relative to the folder of the data set.
        extensions: Extensions that the data set lists, in lower case.
        with_label: Whether the folders are the classes.

    Returns:
        Number of images by extension, in lower case, and by ``''`` those that
        are listed but in no class folder.
    """
    found: Counter[str] = Counter()
    for file in files:
        suffix = os.path.splitext(file)[1].lower()
        if suffix not in extensions:
            found[suffix] += suffix in _IMAGES
        elif with_label and '/' not in file:
            found[''] += 1
    return {suffix: num for suffix, num in sorted(found.items()) if num}


def left_out_text(
    folder: str, counts: dict[str, int], extensions: Sequence[str]
) -> str:
    """Say how many images of a folder are left out, and how to read them.

    Args:
        folder: The folder.
        counts: Number of images, see :func:`left_out`.
        extensions: Extensions that the data set lists.
    """
    unlisted = [suffix for suffix in counts if suffix]
    reasons = [f'{counts[suffix]} {suffix}' for suffix in unlisted]
    fixes = []
    if unlisted:
        wanted = (*sorted(extensions), *unlisted)
        fixes.append(f'to read {", ".join(unlisted)}, set extensions={wanted}')
    if '' in counts:
        reasons.append(f'{counts[""]} in no class folder')
        fixes.append(
            'move images into class folders, or read all without labels '
            '(with_label=False)'
        )
    return (
        f'{folder}: {sum(counts.values())} images are left out '
        f'({", ".join(reasons)}): {"; ".join(fixes)}'
    )
