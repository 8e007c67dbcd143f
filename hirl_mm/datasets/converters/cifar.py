import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hirl_mm.datasets.taxonomy.hierarchy import ClassHierarchy
from hirl_mm.datasets.toy.folder import (
    check_at_least,
    save_png,
    write_folder,
)

from .cifar_files import read_cifar
from .first_of_classes import first_of_classes

VERSION = 1  # increase it when the images change


def write_cifar(
    root: str | os.PathLike,
    source: str | os.PathLike,
    dataset: str,
    *,
    num_train_per_class: int | None = None,
    num_val_per_class: int | None = None,
    progress: Callable[[Sequence], Iterable] = iter,
) -> Path:
    """Write CIFAR-10 or CIFAR-100 as an image folder with a class tree.

    The images are the photographs of 32 x 32 pixels of `CIFAR
    <https://www.cs.toronto.edu/~kriz/cifar.html>`_,
    ``root/train/<class>/<index>.png`` and ``root/val/<class>/<index>.png``,
    where ``index`` is the index among the training or the test images.
    ``root/hierarchy.json`` groups the classes into superclasses, see
    :func:`~hirl_mm.datasets.converters.cifar_files.read_cifar`.

    Args:
        root: Folder to write; reused if it already holds the same data set.
        source: The python version as it was downloaded
            (``cifar-100-python.tar.gz``), or the folder that it was unpacked
            to.
        dataset: ``'cifar-10'`` or ``'cifar-100'``.
        num_train_per_class: Number of training images of every class, the
            first ones of the files; None for all images.
        num_val_per_class: Number of validation images of every class, the
            first ones of the test file; None for all images.
        progress: Function that wraps the sequence of images while they are
            written, for example ``rich.progress.track``.

    Returns:
        ``root``.

    Raises:
        FileNotFoundError: If ``source`` is missing or lacks a file.
        ValueError: If the data set is unknown, a file is broken or holds
            something else, or a class has fewer images.
        FileExistsError: If ``root`` holds other files.
    """
    nums = {'train': num_train_per_class, 'val': num_val_per_class}
    parameters = {
        f'num_{k}_per_class': v for k, v in nums.items() if v is not None
    }
    check_at_least(1, **parameters)

    def fill(folder: Path) -> None:
        data = read_cifar(source, dataset)
        jobs = []
        for split, num in nums.items():
            labels = data.labels[split]
            chosen: Sequence[int] = range(len(labels))
            if num is not None:
                chosen = first_of_classes(labels, len(data.names), num, split)
            jobs += [(split, index) for index in chosen]
        for split, index in progress(jobs):
            name = data.names[data.labels[split][index]]
            path = folder / split / name / f'{index:05d}.png'
            save_png(data.images[split][index], path)
        pairs = zip(data.names, data.parents, strict=True)
        ClassHierarchy(
            levels=('class', 'superclass'),
            classes={name: (name, parent) for name, parent in pairs},
        ).save(folder / 'hierarchy.json')

    parameters = {**parameters, 'version': VERSION}
    return write_folder(root, dataset, parameters, fill)
