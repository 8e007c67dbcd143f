"""Image folders that are made of the files of another data set."""

import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hirl_mm.datasets.image_files import folders_in
from hirl_mm.datasets.list_files import check_inside
from hirl_mm.datasets.taxonomy.wordnet import load_taxonomy

from .source_files import SourceArchive, SourceFolder

# Name of a file of the source, and its path in the folder: train or val, the
# class, the image.
Job = tuple[str, str]


def fill_classes(
    folder: Path,
    files: SourceFolder | SourceArchive,
    jobs: Sequence[Job],
    taxonomy: str | os.PathLike | None,
    progress: Callable[[Sequence[Job]], Iterable[Job]],
) -> None:
    """Place files in class folders, with the class tree beside them.

    Files of a folder get a second name if that is possible, so that they take
    no space.

    Args:
        folder: Folder to fill.
        files: Files of the source.
        jobs: Files to place.
        taxonomy: File of :func:`load_taxonomy` with the classes; None for no
            ``hierarchy.json``.
        progress: Function that wraps the jobs.

    Raises:
        FileNotFoundError: If a file or the taxonomy is missing.
        ValueError: If the taxonomy lacks a class, or a path leads out of the
            folder.
    """
    for name, path in progress(jobs):
        check_inside(path, str(folder), name)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        files.place(name, target)
    if taxonomy is not None:
        classes = folders_in(folder / 'train')
        load_taxonomy(taxonomy, classes).save(folder / 'hierarchy.json')


def taxonomy_parameters(taxonomy: str | os.PathLike | None) -> dict[str, int]:
    """Return what the record of a folder says of its taxonomy.

    Args:
        taxonomy: See :func:`fill_classes`.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if taxonomy is None:
        return {}
    if not Path(taxonomy).is_file():
        raise FileNotFoundError(
            f'there is no taxonomy {taxonomy}: give the is_a file of WordNet '
            'or a hierarchy.json with the classes'
        )
    return {'taxonomy': zlib.crc32(Path(taxonomy).read_bytes())}
