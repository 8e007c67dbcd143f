import os
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from .hierarchy import ClassHierarchy, load_hierarchy


def load_taxonomy(
    path: str | os.PathLike, classes: Sequence[str]
) -> ClassHierarchy:
    """The taxonomy of the classes of a data set.

    Args:
        path: A ``hierarchy.json`` of :func:`load_hierarchy`, or WordNet's
            is_a file for :func:`wordnet_hierarchy`.
        classes: Names of the classes in the order of their labels, which is
            the sorted one; the folders of an image folder, the wnids of
            ImageNet.

    Returns:
        A hierarchy of these classes alone; classes of the file that the data
        set lacks are left out.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds something else or lacks classes, or
            ``classes`` are not sorted.
    """
    classes = list(classes)
    if classes != sorted(set(classes)):
        raise ValueError(
            'classes must be different and sorted, as their labels are, got '
            f'{classes[:5]}...; give the names of the folders of the data set'
        )
    path = Path(path)
    if path.suffix != '.json':
        return wordnet_hierarchy(path, classes)
    hierarchy = load_hierarchy(path)
    _check_covers(path, classes, hierarchy.classes)
    return ClassHierarchy(
        hierarchy.levels, {name: hierarchy.classes[name] for name in classes}
    )


def wordnet_hierarchy(
    is_a_file: str | os.PathLike,
    classes: Sequence[str],
    depths: Sequence[int] | None = None,
) -> ClassHierarchy:
    """Levels of a taxonomy cut from WordNet.

    Where a synset has several parents, the one nearest to the root counts,
    of equally near ones that with the smaller id; so each synset has one
    path, a shortest one. On the level of a depth a class is its ancestor
    that many edges below the root, or itself if it is not as deep.

    Args:
        is_a_file: Lines ``parent child`` of ids, as ``wordnet.is_a.txt`` of
            image-net.org. The ancestors of the classes must have one root.
        classes: Ids; for ImageNet its wnids.
        depths: Of the levels above the classes. None looks for those that
            group the classes, into two groups or more, and from the deepest
            to the least deep takes a depth if it has at most half as many
            groups as the level before.

    Returns:
        Levels ``class``, then ``depth d`` from the largest d to the smallest.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no tree above the classes or lacks some, or
            ``depths`` are not usable.
    """
    path = Path(is_a_file)
    parents = _read(path)
    _check_covers(path, classes, parents)
    trails = _trails(path, classes, parents)
    deepest = max(len(trail) for trail in trails.values()) - 1
    if depths is None:
        depths = _grouping_depths(trails, deepest)
    else:
        depths = sorted(depths, reverse=True)
        if not depths or depths[-1] < 1 or depths[0] >= deepest:
            raise ValueError(
                f'depths must lie between 1 and {deepest - 1}, one above the '
                f'deepest class, got {depths}'
            )
    if not depths:
        raise ValueError(
            f'{path}: no depth puts the {len(classes)} classes into fewer '
            'groups than classes and more than one; without levels above the '
            'classes there is no taxonomy to measure by'
        )
    return ClassHierarchy(
        levels=['class', *(f'depth {depth}' for depth in depths)],
        classes={
            name: [name, *(_ancestor(trail, depth) for depth in depths)]
            for name, trail in trails.items()
        },
    )


def _ancestor(trail: Sequence[str], depth: int) -> str:
    return trail[min(depth, len(trail) - 1)]


def _grouping_depths(
    trails: Mapping[str, Sequence[str]], deepest: int
) -> list[int]:
    depths, num_below = [], len(trails)
    for depth in range(deepest - 1, 0, -1):
        groups = {_ancestor(trail, depth) for trail in trails.values()}
        if 2 <= len(groups) <= num_below / 2:
            depths.append(depth)
            num_below = len(groups)
    return depths


def _read(path: Path) -> dict[str, set[str]]:
    """Parents of every id, none for a root."""
    if not path.is_file():
        raise FileNotFoundError(
            f'no taxonomy at {path}; give a hierarchy.json or the is_a file '
            'of WordNet'
        )
    parents: dict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise ValueError(
                f'{path}, line {number}: expected the ids "parent child", '
                f'got {line[:80]!r}'
            )
        parents[words[0]]  # a root has an entry too
        parents[words[1]].add(words[0])
    return dict(parents)


def _trails(
    path: Path, classes: Sequence[str], parents: Mapping[str, set[str]]
) -> dict[str, tuple[str, ...]]:
    """The synsets from the root to every class, both included."""
    try:
        order = list(
            TopologicalSorter(_above(classes, parents)).static_order()
        )
    except CycleError as error:
        raise ValueError(
            f'{path}: {" > ".join(error.args[1])} is a cycle; delete one of '
            'its lines'
        ) from None
    roots = [name for name in order if not parents[name]]
    if len(roots) > 1:
        raise ValueError(
            f'{path}: the classes come from {len(roots)} roots, '
            f'{", ".join(sorted(roots)[:5])}; add a line "parent child" for '
            'each that puts it below a common one'
        )
    trails: dict[str, tuple[str, ...]] = {}
    for name in order:
        above = [trails[parent] for parent in parents[name]]
        nearest = min(above, key=lambda t: (len(t), t[-1]), default=())
        trails[name] = (*nearest, name)
    return {name: trails[name] for name in classes}


def _above(
    classes: Sequence[str], parents: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """Parents of the classes and of all that lies above them."""
    above, waiting = {}, deque(classes)
    while waiting:
        name = waiting.popleft()
        if name not in above:
            above[name] = parents[name]
            waiting.extend(parents[name])
    return above


def _check_covers(
    path: Path, classes: Sequence[str], known: Mapping[str, object]
) -> None:
    missing = [name for name in classes if name not in known]
    if missing:
        raise ValueError(
            f'{path} lacks {len(missing)} of {len(classes)} classes, the '
            f'first: {", ".join(missing[:5])}; add them, or give a taxonomy '
            'of this data set'
        )
