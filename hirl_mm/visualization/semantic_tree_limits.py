from itertools import islice

from hirl_mm.structures import PrototypeTree

from .semantic_tree_layout import TreeNode, grown_roots, total_gaps
from .semantic_tree_painter import BRANCH_GAP, MAX_SIZE

_ROW = 40
_HEIGHT = MAX_SIZE - 500


def fitting_limits(
    tree: PrototypeTree,
    max_roots: int | None = None,
    max_children: int | None = None,
) -> tuple[int, int]:
    """Return how many roots, and children per node, a picture has room for.

    If all roots have room with two children each, or a number of roots is
    asked for, the nodes get as many children as have room. Otherwise they get
    up to four, as long as four roots have room.

    Args:
        tree: Prototype tree with samples.
        max_roots: Number of roots that is asked for; None for as many as
            there is room for.
        max_children: The same of children per node.

    Returns:
        The numbers that are asked for, and those found for the others.
    """
    wanted = max_roots or tree.num_prototypes[-1]
    if max_children is None:
        max_children = _fitting_children(tree, wanted, max_roots is not None)
    if max_roots is None:
        max_roots = max(1, _fitting_roots(tree, wanted, max_children))
    return max_roots, max_children


def _fitting_children(tree: PrototypeTree, roots: int, asked: bool) -> int:
    used = int((tree.sizes(tree.num_levels - 1) > 0).sum())
    roots = min(roots, used)
    every_root = asked or _fitting_roots(tree, roots, 2) == roots
    most = _most_children(tree)
    if not every_root:
        most = min(most, 4)
    children = 1
    while children < most:
        enough = roots if every_root else 4
        if children == 1 and not every_root:
            enough = 1
        if _fitting_roots(tree, roots, children + 1) < enough:
            break
        children += 1
    return children


def _most_children(tree: PrototypeTree) -> int:
    """Return the largest number of children of a prototype, at least 1."""
    return max([1, *(int(p.bincount().max()) for p in tree.parents)])


def _fitting_roots(tree: PrototypeTree, roots: int, children: int) -> int:
    """Return how many of the largest ``roots`` roots have room."""
    shown: list[TreeNode] = []
    for root in islice(grown_roots(tree, children), roots):
        shown.append(root)
        rows = sum(node.num_rows for node in shown)
        if rows * _ROW + total_gaps(shown, BRANCH_GAP) > _HEIGHT:
            return len(shown) - 1
    return len(shown)
