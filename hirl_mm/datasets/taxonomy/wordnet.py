import os
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from hirl_mm.files import read_utf8

from .hierarchy import ClassHierarchy, load_hierarchy


def load_taxonomy(
    path: str | os.PathLike, classes: Sequence[str]
) -> ClassHierarchy:
    """Load the taxonomy of a data set's classes.

    Args:
        path: Path of a ``hierarchy.json`` for :func:`load_hierarchy`, or of
            WordNet's is_a file for :func:`wordnet_hierarchy`.
        classes: Names of the classes, sorted, which is the order of their
            labels: the folders of an image folder, for ImageNet its wnids.

    Returns:
        Hierarchy of these classes; other classes of the file are left out.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file holds no taxonomy, some classes are missing in
            it, or ``classes`` are not sorted.
    """
    classes = list(classes)
    if classes != sorted(set(classes)):
        raise ValueError(
            'classes must be different and sorted, in the order of their '
            f'labels, got {classes[:5]}...; give the names of the class '
            'folders of the data set'
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
    """Cut a class hierarchy from WordNet at given depths.

    If a synset has several parents, the one nearest to the root is used, and
    among equally near ones the one with the smallest id. So each synset has
    one path from the root, and it is a shortest one. The level of depth d
    maps a class to its ancestor d edges below the root, or to the class
    itself if it is less deep.

    Args:
        is_a_file: Path of a file with lines ``parent child`` of ids, such as
            ``wordnet.is_a.txt`` of image-net.org. The ancestors of the
            classes must have one common root.
        classes: Ids of the classes; for ImageNet its wnids.
        depths: Depths of the levels above the classes. None goes from the
            deepest level to the root and takes every depth that has at least
            two groups and at most half as many as the level taken before.

    Returns:
        Hierarchy with the level ``class``, then ``depth d`` from the largest
        d to the smallest.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the synsets above the classes do not form a tree, some
            classes are missing in the file, or ``depths`` are out of range.
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
                f'depths must lie between 1 and {deepest - 1}, one less than '
                f'the depth of the deepest class, got {depths}'
            )
    if not depths:
        raise ValueError(
            f'{path}: no depth groups the {len(classes)} classes into at '
            f'least 2 and at most {len(classes) // 2} groups; evaluation by '
            'taxonomy needs a level above the classes. Give another taxonomy'
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
    """Read the parents of every id; a root has none."""
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no taxonomy {path}; give a hierarchy.json or the is_a '
            'file of WordNet'
        )
    parents: dict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(read_utf8(path).splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise ValueError(
                f'{path}, line {number}: expected the ids "parent child", '
                f'got {line[:80]!r}'
            )
        parents[words[0]]  # adds an entry, so that roots have one too
        parents[words[1]].add(words[0])
    return dict(parents)


def _trails(
    path: Path, classes: Sequence[str], parents: Mapping[str, set[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the synsets from the root to every class, both included."""
    try:
        order = list(
            TopologicalSorter(_above(classes, parents)).static_order()
        )
    except CycleError as error:
        raise ValueError(
            f'{path}: {" > ".join(error.args[1])} is a cycle; delete one of '
            'these lines'
        ) from None
    roots = [name for name in order if not parents[name]]
    if len(roots) > 1:
        raise ValueError(
            f'{path}: the classes have {len(roots)} roots, '
            f'{", ".join(sorted(roots)[:5])}; for each add a line "parent '
            'child" that puts it below a common root'
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
    """Return the parents of the classes and of all their ancestors."""
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
            f'{len(missing)} of {len(classes)} classes are missing in {path}: '
            f'{", ".join(missing[:5])}{", ..." if missing[5:] else ""}; add '
            'them, or give a taxonomy of this data set'
        )
