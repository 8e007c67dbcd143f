"""Which training samples keep their label when few are labelled."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import ArrayLike


def label_subset(
    labels: ArrayLike, fraction: float, seed: int = 0
) -> np.ndarray:
    """A random share of the samples of every class.

    A class of n samples gives ``round(fraction * n)`` of them, but at least
    one. Subsets of one seed are nested: the 1 % lie within the 10 %. The
    lists that `SimCLR <https://arxiv.org/abs/2002.05709>`_ and the papers
    after it share for ImageNet hold 12 or 13 images per class (1 %) and 128
    or 129 (10 %), most classes having 1300; for these very images use
    :func:`subset_from_list`.

    Args:
        labels: (N,) integers.
        fraction: In (0, 1].
        seed: Of the draw.

    Returns:
        Sorted indices of the chosen samples, int64.

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
    """The samples that a list names.

    A line is the end of an image's path: its name, as in SimCLR's lists, or
    ``folder/name``; a label may follow after white space, as in annotation
    files, and must then be that of the sample.

    Args:
        list_file: Text file with a sample per line; empty lines are skipped.
        paths: (N) image files of the data set.
        labels: (N,) integers, their classes.
        class_names: Names of the classes, for messages.

    Returns:
        Sorted indices of the listed samples, int64.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If entries are missing from the data set, fit several of
            its images, come twice or contradict its labels, or if a class of
            the data set has no sample in the list.
    """
    list_file = Path(list_file)
    if not list_file.is_file():
        raise FileNotFoundError(
            f'no list of samples at {list_file}; give a text file with an '
            'image name per line'
        )
    labels = np.asarray(labels)
    lines = [line.strip() for line in list_file.read_text().splitlines()]
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
        'number the classes as the data set does, or drop the labels',
    )
    missing = np.setdiff1d(labels, labels[index]).tolist()
    _refuse(
        list_file,
        [class_names[c] if class_names else str(c) for c in missing],
        'classes of the data set have no sample in the list',
        'add samples of each, or use a data set of the other classes alone',
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
    """(len(names),) int64, the sample of every entry."""
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
        'write them as name or folder/name, and check that list and data set '
        'belong together',
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
        'keep one line of each',
    )
    return index


def _refuse(file: Path, cases: list[str], what: str, remedy: str) -> None:
    if cases:
        raise ValueError(
            f'{file}: {len(cases)} {what}, the first: '
            f'{"; ".join(cases[:5])}. Please {remedy}'
        )
