import gzip
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from hirl_mm.datasets.taxonomy.hierarchy import ClassHierarchy
from hirl_mm.datasets.toy.folder import (
    check_at_least,
    save_png,
    write_folder,
)

from .first_of_classes import first_of_classes

SOURCE = '/usr/share/datasets/fashion-mnist'
VERSION = 1  # increase it when the images change
_STEMS = {'train': 'train', 'val': 't10k'}
# Third byte of the file: unsigned bytes; fourth: number of dimensions.
_IMAGES, _LABELS = 0x803, 0x801
# In the order of the labels: file-system name, middle class, coarse class.
_CLASSES = (
    ('t-shirt', 'top', 'clothing'),
    ('trouser', 'trousers', 'clothing'),
    ('pullover', 'top', 'clothing'),
    ('dress', 'dresses', 'clothing'),
    ('coat', 'top', 'clothing'),
    ('sandal', 'shoe', 'shoes'),
    ('shirt', 'top', 'clothing'),
    ('sneaker', 'shoe', 'shoes'),
    ('bag', 'bags', 'accessories'),
    ('ankle-boot', 'shoe', 'shoes'),
)


def write_fashion_mnist(
    root: str | os.PathLike,
    source: str | os.PathLike = SOURCE,
    *,
    num_train_per_class: int = 6000,
    num_val_per_class: int = 1000,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Write Fashion-MNIST as an image folder with a three-level class tree.

    The images are the grey photographs of 28 x 28 pixels of `Fashion-MNIST
    <https://arxiv.org/abs/1708.07747>`_,
    ``root/train/<class>/<index>.png`` and ``root/val/<class>/<index>.png``,
    where ``index`` is the index in the training or the test file.
    ``root/hierarchy.json`` groups the ten classes into five (tops, trousers,
    dresses, shoes, bags) and these into three (clothing, shoes,
    accessories). The groups are this project's.

    Args:
        root: Folder to write; reused if it already holds the same data set.
        source: Folder of the four idx files, such as
            ``train-images-idx3-ubyte`` or ``train-images-idx3-ubyte.gz``.
            Debian's package ``dataset-fashion-mnist`` installs them to the
            default.
        num_train_per_class: Number of training images of every class, the
            first ones of the file; at most 6,000.
        num_val_per_class: Number of validation images of every class, the
            first ones of the test file; at most 1,000.
        progress: Function that wraps the sequence of images while they are
            written, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        FileNotFoundError: If ``source`` lacks a file.
        ValueError: If a file is no idx file of this data set, or has fewer
            images of a class.
        FileExistsError: If ``root`` holds other files.
    """
    nums = {'train': num_train_per_class, 'val': num_val_per_class}
    parameters = {f'num_{k}_per_class': v for k, v in nums.items()}
    check_at_least(1, **parameters)

    def fill(folder: Path) -> None:
        jobs = []
        for split, num in nums.items():
            images, labels = read_fashion_mnist(source, split)
            chosen = first_of_classes(labels, len(_CLASSES), num, split)
            jobs += [(split, images[i], labels[i], i) for i in chosen]
        for split, image, label, index in progress(jobs):
            name = f'{_CLASSES[label][0]}/{index:05d}.png'
            save_png(Image.fromarray(image), folder / split / name)
        fashion_hierarchy().save(folder / 'hierarchy.json')

    parameters = {**parameters, 'version': VERSION}
    return write_folder(root, 'fashion-mnist', parameters, fill)


def fashion_hierarchy() -> ClassHierarchy:
    """Return the 10 fine, 5 middle and 3 coarse classes."""
    return ClassHierarchy(
        levels=('fine', 'middle', 'coarse'),
        classes={path[0]: path for path in _CLASSES},
    )


def read_fashion_mnist(
    source: str | os.PathLike, split: str
) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of a split from its two idx files.

    Args:
        source: Folder of the files.
        split: ``'train'`` or ``'val'``.

    Returns:
        Images (N, 28, 28) uint8 and labels (N,) uint8.
    """
    stem = Path(source, _STEMS[split])
    images = _read_idx(f'{stem}-images-idx3-ubyte', _IMAGES)
    labels = _read_idx(f'{stem}-labels-idx1-ubyte', _LABELS)
    if len(images) != len(labels) or labels.max(initial=0) >= len(_CLASSES):
        raise ValueError(
            f'the files {stem}-* do not belong together: {len(images)} images '
            f'and {len(labels)} labels up to {labels.max(initial=0)}'
        )
    return images, labels


def _read_idx(path: str, magic: int) -> np.ndarray:
    """Read an idx file of bytes, which may be compressed."""
    name = next((n for n in (path, f'{path}.gz') if Path(n).is_file()), None)
    if name is None:
        raise FileNotFoundError(
            f'there is no {path} or {path}.gz: install the package '
            'dataset-fashion-mnist (Debian, Ubuntu), or give the folder that '
            'has the four files of Fashion-MNIST'
        )
    try:
        with (gzip.open if name.endswith('.gz') else open)(name, 'rb') as file:
            content = file.read()
    except (EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f'{name} is broken: {error}') from error
    num_dims = magic & 0xFF
    header = np.frombuffer(content[: 4 * (1 + num_dims)], '>u4')
    shape = tuple(map(int, header[1:]))
    size = len(content) - 4 * (1 + num_dims)
    if len(header) <= num_dims or header[0] != magic or np.prod(shape) != size:
        raise ValueError(
            f'{name} is no idx file of {num_dims} dimensions of bytes, or is '
            'cut off: download it again'
        )
    return np.frombuffer(content, np.uint8, offset=4 * (1 + num_dims)).reshape(
        shape
    )
