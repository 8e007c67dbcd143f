import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hirl_mm.datasets.toy.folder import write_folder

from .class_folders import Job, fill_classes, taxonomy_parameters
from .source_files import SourceArchive, SourceFolder, open_source

VERSION = 1  # increase it when the images change
_LABELS = 'val/val_annotations.txt'
_TRAIN = re.compile(r'train/(n\d+)/images/([^/]+\.JPEG)')


def write_tiny_imagenet(
    root: str | os.PathLike,
    source: str | os.PathLike,
    *,
    taxonomy: str | os.PathLike | None = None,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Write Tiny ImageNet as a folder with a subfolder per class.

    The images are the files of the data set, 64 x 64 pixels, as
    ``root/train/<wnid>/<name>`` and ``root/val/<wnid>/<name>``. The test
    images have no labels and are left out.

    Args:
        root: Folder to write; reused if it already holds the same data set.
        source: The data set as it was downloaded
            (``tiny-imagenet-200.zip``), or the folder that it was unpacked
            to. Its files get a second name, where the file system can do
            that.
        taxonomy: WordNet's is_a file, for a ``hierarchy.json`` of all levels,
            see :func:`~hirl_mm.datasets.taxonomy.wordnet.load_taxonomy`; None
            for no such file.
        progress: Function that wraps the sequence of images while they are
            written, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        FileNotFoundError: If ``source``, a file in it or the taxonomy is
            missing.
        ValueError: If the source is broken, the validation images do not
            have the classes of the training images, or the taxonomy lacks
            some.
        FileExistsError: If ``root`` holds other files.
    """
    parameters = taxonomy_parameters(taxonomy) | {'version': VERSION}

    def fill(folder: Path) -> None:
        with open_source(source, _LABELS) as files:
            jobs = _jobs(files)
            fill_classes(folder, files, jobs, taxonomy, progress)

    return write_folder(root, 'tiny-imagenet', parameters, fill)


def _jobs(files: SourceFolder | SourceArchive) -> list[Job]:
    found = [_TRAIN.fullmatch(name) for name in files.names()]
    train = [match for match in found if match]
    classes = {match[1] for match in train}
    labels = _val_labels(files.read(_LABELS).decode('latin1'))
    others = classes ^ set(labels.values())
    if others:
        raise ValueError(
            f'the {len(labels)} images of {_LABELS} must have the classes of '
            f'the folders train/<wnid>/images, which have {len(classes)}; '
            f'{len(others)} are in one of them alone, such as {min(others)}: '
            'unpack or download the whole data set'
        )
    return [
        *((m[0], f'train/{m[1]}/{m[2]}') for m in train),
        *(
            (f'val/images/{name}', f'val/{wnid}/{name}')
            for name, wnid in labels.items()
        ),
    ]


def _val_labels(text: str) -> dict[str, str]:
    """Return the class of every image, of lines ``image wnid box``."""
    labels = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if len(words) != 6 or not re.fullmatch(r'[\w.]+\.JPEG', words[0]):
            raise ValueError(
                f'{_LABELS}, line {number}: expected the name of an image, '
                f"its wnid and a box, such as 'val_0.JPEG n03444034 0 32 44 "
                f"62', got {line[:80]!r}"
            )
        labels[words[0]] = words[1]
    return labels
