"""Selecting the labelled samples of semi-supervised protocols."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import ArrayLike

from hirl_mm.files import read_utf8


def label_subset(
    labels: ArrayLike, fraction: float, seed: int = 0
) -> np.ndarray:
    """Draw a random fraction of the samples of every class.

    From a class of n samples ``round(fraction * n)`` are drawn, at least one.
    Subsets with the same seed are nested: the 10 % contain the 1 %.

    The lists of `SimCLR <https://arxiv.org/abs/2002.05709>`_ for ImageNet,
    which later papers use as well, hold 12 or 13 images per class (1 %) and
    128 or 129 (10 %); most classes have 1300. To use exactly these images,
    see :func:`subset_from_list`.

    Args:
        labels: (N,) integers, classes of the samples.
        fraction: Fraction of the samples to draw, in (0, 1].
        seed: Seed of the random draw.

    Returns:
        Sorted indices of the drawn samples, int64.

    Raises:
        ValueError: If labels or fraction are not usable.

    Example:
        >>> labels = [0, 0, 0, 0, 1, 1]
        >>> subset = label_subset(labels, 0.5)
        >>> np.bincount(np.array(labels)[subset]).tolist()
        [2, 1]
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in 'iu':
        raise ValueError(
            'labels must be a vector of one or more integers, got shape '
            f'{labels.shape} of {labels.dtype}'
        )
    if not 0 < fraction <= 1:
        raise ValueError(
            f'fraction must lie in (0, 1], got {fraction}; 1 % is 0.01'
        )
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind='stable')]
    counts = np.unique(labels, return_counts=True)[1]
    starts = np.cumsum(counts) - counts
    chosen = [
        order[start : start + max(1, round(fraction * count))]
        for start, count in zip(starts, counts.tolist(), strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def subset_from_list(
    list_file: str | os.PathLike,
    paths: Sequence[str],
    labels: ArrayLike,
    class_names: Sequence[str] | None = None,
) -> np.ndarray:
    """Return the samples that are listed in a file.

    Every line holds the end of the path of an image: its file name, as in
    SimCLR's lists, or ``folder/name``. A label may follow after white space,
    as in annotation files; it must agree with the label of the sample.

    Args:
        list_file: Path of a text file with one sample per line; empty lines
            are skipped.
        paths: Paths of the N images of the data set.
        labels: (N,) integers, classes of the samples.
        class_names: Names of the classes for error messages; None to show
            their numbers.

    Returns:
        Sorted indices of the listed samples, int64.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If an entry is not in the data set, matches several of
            its images, is repeated or has another label than the sample, or
            if a class of the data set has no sample in the list.
    """
    list_file = Path(list_file)
    if not list_file.is_file():
        raise FileNotFoundError(
            f'no list of samples at {list_file}; give a text file with one '
            'image name per line'
        )
    labels = np.asarray(labels)
    lines = [line.strip() for line in read_utf8(list_file).splitlines()]
    entries = [_entry(line) for line in lines if line]
    names = [name for name, _ in entries]
    index = _match(list_file, names, paths)
    _refuse(
        list_file,
        [
            f'{name} {label}, the class is {labels[i]}'
            for (name, label), i in zip(entries, index, strict=True)
            if label is not None and label != labels[i]
        ],
        'entries have another label than the data set',
        'number the classes as the data set does, or remove the labels',
    )
    missing = np.setdiff1d(labels, labels[index]).tolist()
    _refuse(
        list_file,
        [class_names[c] if class_names else str(c) for c in missing],
        'classes of the data set have no sample in the list',
        'add samples of each, or use a data set without these classes',
    )
    return np.sort(index)


def _entry(line: str) -> tuple[str, int | None]:
    words = line.rsplit(maxsplit=1)
    if len(words) == 2 and words[1].isdecimal():
        return words[0], int(words[1])
    return line, None


def _match(
    list_file: Path, names: list[str], paths: Sequence[str]
) -> np.ndarray:
    """Return the index of the sample of every entry, int64."""
    by_name = defaultdict(list)
    for i, path in enumerate(paths):
        by_name[PurePosixPath(path).name].append(i)
    found = []
    for name in names:
        end = PurePosixPath(name)
        found.append(
            [
                i
                for i in by_name[end.name]
                if f'/{paths[i]}'.endswith(f'/{end}')
            ]
        )
    fits = list(zip(names, found, strict=True))
    _refuse(
        list_file,
        [name for name, samples in fits if not samples],
        'entries are not in the data set',
        'write them as name or folder/name, and check that the list is for '
        'this data set',
    )
    _refuse(
        list_file,
        [name for name, samples in fits if len(samples) > 1],
        'entries fit several images of the data set',
        'write them as folder/name',
    )
    index = np.array([samples[0] for samples in found], dtype=np.int64)
    first, counts = np.unique(index, return_counts=True)
    _refuse(
        list_file,
        [str(paths[i]) for i in first[counts > 1]],
        'images are listed more than once',
        'keep one line for each',
    )
    return index


def _refuse(file: Path, cases: list[str], what: str, remedy: str) -> None:
    if cases:
        raise ValueError(
            f'{file}: {len(cases)} {what}, the first: '
            f'{"; ".join(cases[:5])}. Please {remedy}'
        )
