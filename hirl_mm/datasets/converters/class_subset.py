import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hirl_mm.datasets.image_files import LISTED, folders_in, visible_files
from hirl_mm.datasets.list_files import read_lines
from hirl_mm.datasets.toy.folder import write_folder

from .class_folders import fill_classes, taxonomy_parameters
from .source_files import SourceFolder

VERSION = 1  # increase it when the choice of the images changes


def write_class_subset(
    root: str | os.PathLike,
    source: str | os.PathLike,
    list_file: str | os.PathLike,
    *,
    taxonomy: str | os.PathLike | None = None,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Write an image folder of some classes of another, such as ImageNet-100.

    All images of the classes are taken, as ``root/train/<class>/<name>`` and
    ``root/val/<class>/<name>``. The files get a second name, where the file
    system can do that, and are copied otherwise.

    Args:
        root: Folder to write; reused if it already holds the same classes.
        source: Folder with ``train/<class>`` and ``val/<class>``.
        list_file: File with the names of the class folders, such as
            ``n01558993``, one per line; words behind a name are left out.
        taxonomy: WordNet's is_a file or a ``hierarchy.json``, for a
            ``hierarchy.json`` of these classes; None for no such file.
        progress: Function that wraps the sequence of images while they are
            written, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        FileNotFoundError: If the list, a class folder or the taxonomy is
            missing, or a class has no images.
        ValueError: If the list is empty or names a class twice, or the
            taxonomy lacks a class.
        FileExistsError: If ``root`` holds other files.
    """
    names = _class_names(Path(list_file))
    parameters = {
        'num_classes': len(names),
        'classes': zlib.crc32('\n'.join(names).encode()),
        **taxonomy_parameters(taxonomy),
        'version': VERSION,
    }

    def fill(folder: Path) -> None:
        jobs = [
            (path, path)
            for split in ('train', 'val')
            for path in _images(Path(source), split, names)
        ]
        files = SourceFolder(Path(source))
        fill_classes(folder, files, jobs, taxonomy, progress)

    return write_folder(root, 'class-subset', parameters, fill)


def _class_names(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no list {path}: give a file with the names of the '
            'class folders, one per line'
        )
    names = [line.split()[0] for _, line in read_lines(path)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not names:
        what = f'names {twice[0]} twice' if twice else 'is empty'
        raise ValueError(
            f'{path} {what}: it must have the name of a class folder per line'
        )
    return sorted(names)


def _images(source: Path, split: str, names: Sequence[str]) -> list[str]:
    """Return the images of the classes, as paths below ``source``."""
    folder = source / split
    known = set(folders_in(folder)) if folder.is_dir() else set()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise FileNotFoundError(
            f'{folder} has no folder of {len(unknown)} of the {len(names)} '
            f'classes of the list, such as {unknown[0]}: give the folder that '
            'has train and val, with a subfolder for every class'
        )
    images = []
    for name in names:
        found = [
            f'{split}/{name}/{file}'
            for file in sorted(visible_files(folder / name))
            if file.lower().endswith(LISTED)
        ]
        if not found:
            raise FileNotFoundError(
                f'{folder / name} has no images: unpack the whole data set'
            )
        images += found
    return images
