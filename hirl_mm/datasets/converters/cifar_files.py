"""Reading the python versions of CIFAR-10 and CIFAR-100."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .array_pickles import load_arrays
from .source_files import SourceArchive, SourceFolder, open_source

_SHAPE = 3, 32, 32
_ANIMALS = {'bird', 'cat', 'deer', 'dog', 'frog', 'horse'}


@dataclass(frozen=True)
class Layout:
    """Files of a data set, and the keys of what they hold.

    Args:
        meta: File with the names of the classes.
        splits: Files of the training and of the test images.
        levels: Keys of the names of the classes in ``meta`` and of the labels
            beside the images, from fine to coarse.
    """

    meta: str
    splits: Mapping[str, Sequence[str]]
    levels: Sequence[tuple[str, str]]


LAYOUTS = {
    'cifar-10': Layout(
        'batches.meta',
        {
            'train': [f'data_batch_{i}' for i in range(1, 6)],
            'val': ['test_batch'],
        },
        [('label_names', 'labels')],
    ),
    'cifar-100': Layout(
        'meta',
        {'train': ['train'], 'val': ['test']},
        [
            ('fine_label_names', 'fine_labels'),
            ('coarse_label_names', 'coarse_labels'),
        ],
    ),
}


@dataclass(frozen=True)
class CIFAR:
    """Images and classes of CIFAR-10 or CIFAR-100.

    Args:
        images: (N, 32, 32, 3) uint8, RGB, of the splits train and val.
        labels: (N,) int64 of the splits, indices into ``names``.
        names: Names of the classes, which are fit for folders.
        parents: Name of the superclass of every class.
    """

    images: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    names: Sequence[str]
    parents: Sequence[str]


def read_cifar(source: str | os.PathLike, dataset: str) -> CIFAR:
    """Read CIFAR-10 or CIFAR-100.

    The superclasses of CIFAR-100 are those of its files. Those of CIFAR-10,
    animals and vehicles, are this project's.

    Args:
        source: The python version as it was downloaded
            (``cifar-100-python.tar.gz``), or the folder that it was unpacked
            to.
        dataset: ``'cifar-10'`` or ``'cifar-100'``.

    Raises:
        FileNotFoundError: If ``source`` is missing or lacks a file.
        ValueError: If the data set is unknown, or a file is broken or holds
            something else.
    """
    if dataset not in LAYOUTS:
        raise ValueError(
            f'dataset must be one of {", ".join(LAYOUTS)}, got {dataset!r}'
        )
    layout = LAYOUTS[dataset]
    with open_source(source, layout.meta) as files:
        meta = _read(files, layout.meta)
        parts = {
            split: [(name, _read(files, name)) for name in of_split]
            for split, of_split in layout.splits.items()
        }
    names = [_names(meta, key, layout.meta) for key, _ in layout.levels]
    images = {
        split: np.concatenate([_images(*part) for part in of_split])
        for split, of_split in parts.items()
    }
    labels = [
        {
            split: np.concatenate(
                [_labels(*part, key, len(known)) for part in of_split]
            )
            for split, of_split in parts.items()
        }
        for (_, key), known in zip(layout.levels, names, strict=True)
    ]
    if len(names) == 1:
        parents = [
            'animal' if name in _ANIMALS else 'vehicle' for name in names[0]
        ]
    else:
        fine, coarse = (np.concatenate([*of.values()]) for of in labels)
        parents = _parents(fine, coarse, *names)
    return CIFAR(images, labels[0], names[0], parents)


def _read(files: SourceFolder | SourceArchive, name: str) -> dict:
    content = load_arrays(files.read(name), name)
    if not isinstance(content, dict):
        raise ValueError(
            f'{name} must hold a dictionary, found {type(content).__name__}: '
            'give the python version of the data set'
        )
    return content


def _names(meta: dict, key: str, file: str) -> list[str]:
    names = _entry(meta, key, file)
    if not isinstance(names, list) or not all(
        isinstance(name, bytes | str) and re.fullmatch(r'[\w-]+', _text(name))
        for name in names
    ):
        raise ValueError(
            f'{file}: {key} must be a list of names of letters, digits, _ and '
            f'-, found {names!r:.80}'
        )
    return [_text(name) for name in names]


def _text(name: bytes | str) -> str:
    return name.decode('latin1') if isinstance(name, bytes) else name


def _images(file: str, part: dict) -> np.ndarray:
    """Return (N, 32, 32, 3) uint8; a row holds its colours one by one."""
    data = _entry(part, 'data', file)
    if (
        not isinstance(data, np.ndarray)
        or data.dtype != np.uint8
        or data.shape[1:] != (math.prod(_SHAPE),)
    ):
        found = getattr(data, 'shape', None), getattr(data, 'dtype', None)
        raise ValueError(
            f'{file}: data must be bytes of N x {math.prod(_SHAPE)}, found '
            f'shape {found[0]} of {found[1]}'
        )
    return data.reshape(-1, *_SHAPE).transpose(0, 2, 3, 1)


def _labels(file: str, part: dict, key: str, num_classes: int) -> np.ndarray:
    """Return (N,) int64."""
    labels, num = _entry(part, key, file), len(part[b'data'])
    known = range(num_classes)
    if (
        not isinstance(labels, list)
        or len(labels) != num
        or not all(isinstance(k, int) and k in known for k in labels)
    ):
        raise ValueError(
            f'{file}: {key} must be {num} numbers from 0 to '
            f'{num_classes - 1}, one for every image, found {labels!r:.80}'
        )
    return np.array(labels, np.int64)


def _entry(content: dict, key: str, file: str) -> object:
    if key.encode() not in content:
        raise ValueError(
            f'{file} has no {key}: give the python version of the data set'
        )
    return content[key.encode()]


def _parents(
    fine: np.ndarray,
    coarse: np.ndarray,
    names: Sequence[str],
    coarse_names: Sequence[str],
) -> list[str]:
    table = np.full(len(names), -1)
    table[fine] = coarse
    wrong = [*np.flatnonzero(table < 0), *fine[table[fine] != coarse]]
    if wrong:
        raise ValueError(
            f'class {names[wrong[0]]!r} has no image, or images of several '
            'superclasses: download the data set again'
        )
    return [coarse_names[k] for k in table]
