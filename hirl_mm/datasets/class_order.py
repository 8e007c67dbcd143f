"""Class names that several data sets have in common, and their order."""

from collections.abc import Mapping, Sequence

from hirl_mm.datasets.classes import Classes, ClassList
from hirl_mm.tables import printable

# Name of every class of a data set by its label; None if unknown.
Names = Mapping[int, str] | None
Parts = Sequence[Classes | ClassList]
_MOST_SHOWN = 10


def are_aligned(parts: Parts) -> bool:
    """Whether all data sets state the same classes, from 0 without gaps."""
    first = parts[0].names
    if first is None:
        return all(part.names is None for part in parts)
    return list(first) == list(range(len(first))) and all(
        part.names == first and part.given == [*first.values()]
        for part in parts
    )


def common_names(parts: Parts, num_first: int) -> list[Names]:
    """Return names that agree: those that are stated, or of the folders.

    Args:
        parts: Data sets, of which the first ``num_first`` are the reference.
        num_first: Number of the data sets of the reference.

    Returns:
        Names by label of every data set; None where they are unknown.

    Raises:
        ValueError: If a data set has no name in common with the reference,
            or a name occurs twice.
    """
    stated = [part.names for part in parts]
    known = {n for one in stated if one for n in one.values()}
    names: list[Names] = [
        part.folders if one is None and _shares(part.folders, known) else one
        for part, one in zip(parts, stated, strict=True)
    ]
    if not _agree(names, num_first):
        names = [part.folders for part in parts]
    if not _agree(names, num_first):
        what = list(dict.fromkeys(part.what for part in parts))
        listed = [shown(list((one or {}).values())) for one in stated]
        raise ValueError(
            f'the class names of {" and ".join(what)} have nothing in '
            f'common, or a name occurs twice: {"; ".join(listed)}. Give the '
            'data sets class folders of the same names, or the same classes '
            'with classes=(...), in the order of their labels'
        )
    return names


def class_order(parts: Parts, names: Sequence[Names]) -> list[str]:
    """Return the names of all classes in the order of their new labels.

    The first data set keeps its labels, unless it counted its folders.
    """
    order: list[str] = []
    for part, one in zip(parts, names, strict=True):
        if one and not order and not part.counted:
            order = [one.get(k, f'class {k}') for k in range(max(one) + 1)]
        known = set(order)
        order += [n for n in (one or {}).values() if n not in known]
    return order


def _agree(names: Sequence[Names], num_first: int) -> bool:
    """Whether names are unique and overlap those of the first data sets."""
    lists = [list(one.values()) for one in names if one is not None]
    if any(len(set(one)) < len(one) for one in lists):
        return False
    first = {n for one in names[:num_first] if one for n in one.values()}
    return not first or all(
        one is None or _shares(one, first) for one in names
    )


def _shares(names: Names, known: set[str]) -> bool:
    return names is not None and not known.isdisjoint(names.values())


def shown(names: Sequence[str]) -> str:
    """Return names as printable text, the first ten of them."""
    more = ', ...' if len(names) > _MOST_SHOWN else ''
    return (printable(', '.join(names[:_MOST_SHOWN])) or 'no names') + more
