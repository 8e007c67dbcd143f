"""Numbering the classes of several data sets alike, by their names."""

from collections.abc import Mapping, Sequence

from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger

from hirl_mm.datasets.class_order import (
    Names,
    Parts,
    are_aligned,
    class_order,
    common_names,
    shown,
)
from hirl_mm.datasets.classes import Classes, ClassList
from hirl_mm.datasets.labels import relabel, set_class_names
from hirl_mm.datasets.subset import subset_of
from hirl_mm.datasets.wrappers import leaves_of


def align_classes(
    datasets: Mapping[str, BaseDataset | Sequence[str]],
) -> list[str]:
    """Number the classes of data sets alike, by their names, in place.

    A folder data set numbers its class folders from 0. If a split lacks a
    class, the same label means another class there. Here all data sets get
    the numbers of the first one; classes that only others have come after
    them. Hidden folders and folders without images are no classes. A warning
    names the classes of which a data set has no images.

    The names are the class names that a data set states. A data set without
    names, such as a list of images, has the names of the folders of its
    images, if every class is one folder and other data sets have classes of
    these names. Otherwise its labels are taken as they are, with a warning.

    Args:
        datasets: Data sets by their names in messages, such as
            ``'gallery'``. Wrappers such as ``ConcatDataset`` may hold parts
            that number their classes differently. The first one may be the
            names of the classes alone, in the order of their labels.

    Returns:
        Names of the data sets whose labels changed.

    Raises:
        ValueError: If data sets have no class name in common with the first
            one, a label has no name, or images are in hidden class folders,
            see :func:`without_hidden_classes`.
    """
    groups = {
        what: _parts(dataset, what) for what, dataset in datasets.items()
    }
    parts = [part for group in groups.values() for part in group]
    for part in parts:
        _refuse_hidden(part)
    _warn_of_contradictions(parts)
    if are_aligned(parts):
        order = list((parts[0].names or {}).values())
        tables = [{k: k for k in part.used} for part in parts]
    else:
        names = common_names(parts, len(next(iter(groups.values()))))
        order = class_order(parts, names)
        tables = [
            _renumber(part, one, order)
            for part, one in zip(parts, names, strict=True)
        ]
        for dataset in datasets.values():
            if not isinstance(dataset, Sequence):
                set_class_names(dataset, order)
    used: dict[str, set[int]] = {what: set() for what in groups}
    for part, table in zip(parts, tables, strict=True):
        used[part.what] |= {table[k] for k in part.used}
    _warn_of_missing(used, order)
    changed = [
        part.what
        for part, table in zip(parts, tables, strict=True)
        if _changes(table)
    ]
    return list(dict.fromkeys(changed))


def without_hidden_classes(dataset: BaseDataset, what: str) -> BaseDataset:
    """Return a data set without the images in hidden class folders.

    MMPreTrain's ``CustomDataset`` takes a hidden folder, such as
    ``.ipynb_checkpoints``, for a class.

    Args:
        dataset: Data set; it is not changed.
        what: Name of the data set in the warning.

    Returns:
        The same data set if it has no such images.
    """
    folders = getattr(dataset, 'folder_to_idx', None) or {}
    if not any(name.startswith('.') for name in folders):
        return dataset
    hidden = set(Classes(dataset, what).hidden)
    if not hidden:
        return dataset
    MMLogger.get_current_instance().warning(
        f'{what}: {len(hidden)} images in hidden folders are left out'
    )
    rest = [i for i in range(len(dataset)) if i not in hidden]
    return subset_of(dataset, rest)


def _parts(
    dataset: BaseDataset | Sequence[str], what: str
) -> list[Classes | ClassList]:
    if isinstance(dataset, Sequence):
        return [ClassList(dataset, what)]
    return [Classes(leaf, what) for leaf in leaves_of(dataset)]


def _renumber(
    part: Classes | ClassList, names: Names, order: Sequence[str]
) -> dict[int, int]:
    """Give a data set the numbers of ``order``; return new labels by old."""
    if names is None and part.used:
        MMLogger.get_current_instance().warning(
            f'{part.what}: the classes have no names, so label 0 is taken '
            f'for {order[0]!r}, and so on. If the labels were counted '
            'otherwise, results are wrong: state the names with classes=(...)'
        )
    if names is None:
        return {label: label for label in part.used}
    numbers = {name: label for label, name in enumerate(order)}
    table = {label: numbers[name] for label, name in names.items()}
    if isinstance(part, Classes) and _changes(table):
        relabel(part.dataset, table)
    return table


def _changes(table: Mapping[int, int]) -> bool:
    return any(label != new for label, new in table.items())


def _refuse_hidden(part: Classes | ClassList) -> None:
    if isinstance(part, Classes) and part.hidden:
        info = part.dataset.get_data_info(part.hidden[0])
        raise ValueError(
            f'{part.what}: {len(part.hidden)} images are in hidden folders, '
            f'such as {info["img_path"]}. Delete these folders, or use the '
            'type hirl_mm.FolderImages, which does not read them'
        )


def _warn_of_contradictions(parts: Parts) -> None:
    """Warn if lists without names number the folders differently."""
    unnamed = [part for part in parts if part.names is None]
    for first, part in zip(unnamed, unnamed[1:], strict=False):
        numbers = {n: k for k, n in (first.folders or {}).items()}
        for label, name in (part.folders or {}).items():
            if numbers.get(name, label) == label:
                continue
            MMLogger.get_current_instance().warning(
                f'the folder {name!r} has label {label} in {part.what} and '
                f'{numbers[name]} in {first.what}: the labels of both lists '
                'are taken as they are. If the folders are the classes, '
                'results are wrong: number them alike'
            )
            break


def _warn_of_missing(
    used: Mapping[str, set[int]], order: Sequence[str]
) -> None:
    """Name the classes that one data set has and another one lacks."""
    present = sorted(set().union(*used.values()))
    reference = next(iter(used))
    for what, labels in used.items():
        missing = [
            order[k] if k < len(order) else str(k)
            for k in present
            if k not in labels
        ]
        if missing and labels:
            errors = what == reference
            MMLogger.get_current_instance().warning(
                f'{what}: no images of {len(missing)} of the {len(present)} '
                f'classes: {shown(missing)}'
                + '. Elsewhere, images of them count as errors'
                * errors
            )
