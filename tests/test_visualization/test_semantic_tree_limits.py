import pytest
import torch

from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization import draw_semantic_tree
from hirl_mm.visualization.semantic_tree_layout import (
    select_nodes,
    total_gaps,
)
from hirl_mm.visualization.semantic_tree_limits import fitting_limits
from hirl_mm.visualization.semantic_tree_painter import BRANCH_GAP
from tests.digit_images import digit, pixels


def branching(*numbers):
    """A tree of that many roots, children of each, children of these, ..."""
    nums = torch.tensor(numbers).cumprod(0).tolist()[::-1]
    return PrototypeTree(
        centroids=[torch.zeros(num, 2) for num in nums],
        parents=[torch.arange(num) % above for num, above in pairs(nums)],
        leaf=torch.arange(3 * nums[0]) % nums[0],
    )


def uneven(roots, num_levels):
    """A tree whose first root has nine out of ten nodes of every level."""
    nums = [20 * level + roots for level in reversed(range(num_levels))]
    return PrototypeTree(
        centroids=[torch.zeros(num, 2) for num in nums],
        parents=[
            torch.arange(num).where(torch.arange(num) < above, 0)
            for num, above in pairs(nums)
        ],
        leaf=torch.arange(3 * nums[0]) % nums[0],
    )


def even(roots, num_levels):
    return branching(roots, *[3] * (num_levels - 1))


def pairs(nums):
    return list(zip(nums, nums[1:], strict=False))


def height(tree, roots, children):
    """Pixels of the branches, with rows of 40 pixels."""
    nodes = select_nodes(tree, roots, children)
    rows = sum(node.num_rows for node in nodes)
    return 40 * rows + total_gaps(nodes, BRANCH_GAP)


@pytest.mark.parametrize('num_levels', [1, 2, 3, 4])
@pytest.mark.parametrize('roots', [1, 2, 3, 5, 10, 17, 30])
@pytest.mark.parametrize('make', [uneven, even])
def test_limits_use_the_room(make, roots, num_levels):
    tree = make(roots, num_levels)
    shown, children = fitting_limits(tree)
    assert height(tree, shown, children) <= 1900
    if shown < roots:
        assert height(tree, shown + 1, children) > 1900
        assert shown >= 4 or children <= 2
    else:
        more = height(tree, shown, children + 1)
        assert more > 1900 or more == height(tree, shown, children)


@pytest.mark.parametrize(
    ('numbers', 'limits'),
    [
        ((60,), (47, 1)),
        ((10, 3), (10, 3)),
        ((10, 3, 3), (10, 2)),
        ((2, 20), (2, 20)),
        ((1, 9, 9), (1, 6)),
        # Not all roots have room: some of them with four children, as long
        # as four have room, or with fewer.
        ((30, 6), (11, 4)),
        ((17, 3, 3), (4, 3)),
        ((17, 2, 2, 2), (5, 2)),
        ((12, 2, 2, 2, 2), (2, 2)),
        ((40, *[2] * 6), (22, 1)),
    ],
)
def test_limits(numbers, limits):
    assert fitting_limits(branching(*numbers)) == limits


def test_limits_that_are_given_leave_room_for_the_others():
    tree = branching(12, 6, 6)
    assert fitting_limits(tree, max_roots=1) == (1, 6)
    assert fitting_limits(tree, max_roots=3) == (3, 3)
    assert fitting_limits(tree, max_roots=20) == (20, 1)
    assert fitting_limits(tree, max_children=5) == (1, 5)
    assert fitting_limits(tree, max_children=1) == (12, 1)
    # Even if it is too high, so that the error names the limit.
    assert fitting_limits(tree, max_children=9) == (1, 9)
    assert fitting_limits(tree, 7, 8) == (7, 8)


def test_prototypes_without_members_take_no_room():
    leaf = torch.arange(60) % 3
    tree = PrototypeTree(
        centroids=[torch.zeros(100, 2), torch.zeros(80, 2)],
        parents=[torch.arange(100) % 80],
        leaf=leaf,
    )
    roots, children = fitting_limits(tree)
    assert roots >= 3 and children == 2


@pytest.mark.slow
@pytest.mark.parametrize('roots', [3, 10])
def test_pictures_of_uneven_trees_fit(tmp_path, roots):
    out = tmp_path / 'tree.png'
    tree = uneven(roots, 4)
    labels = torch.arange(len(tree.leaf)) % 20
    names = [f'{i} is a class with quite a long name' for i in range(20)]
    draw_semantic_tree(
        tree,
        digit,
        out,
        labels=labels,
        class_names=names,
        members_per_leaf=2,
    )
    assert max(pixels(out).shape) <= 2400
