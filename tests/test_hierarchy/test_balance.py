"""Balanced subsets, against a recursion over single images."""

import numpy as np
import pytest
import torch

from hirl_mm.hierarchy import (
    balanced_counts,
    draw_balanced,
    draw_repeated,
    level_shares,
)
from hirl_mm.hierarchy.balance import even_counts, rank_in_group
from tests.trees import random_tree, tree_of

NUMS = 30, 8, 3


def one_by_one(sizes, budget):
    """Give one to the member that has least and can take one, in turn."""
    counts = [0] * len(sizes)
    for _ in range(budget):
        free = [i for i, size in enumerate(sizes) if counts[i] < size]
        counts[min(free, key=lambda i: counts[i])] += 1
    return counts


def naive_bounds(tree, leaf_sizes, counts):
    """Check every branch of a tree: siblings are as even as they can be."""
    sizes, taken = list(leaf_sizes), list(counts)
    parents = [p.tolist() for p in tree.parents]
    for parent in [*parents, [0] * tree.num_prototypes[-1]]:
        for branch in set(parent):
            members = [i for i, p in enumerate(parent) if p == branch]
            total = sum(taken[i] for i in members)
            expected = one_by_one([sizes[i] for i in members], total)
            assert sorted(taken[i] for i in members) == sorted(expected)
            for i, want in zip(members, expected, strict=True):
                assert abs(taken[i] - want) <= 1 and taken[i] <= sizes[i]
        num = max(parent) + 1
        sizes, taken = (
            [
                sum(v[i] for i, p in enumerate(parent) if p == b)
                for b in range(num)
            ]
            for v in (sizes, taken)
        )


@pytest.mark.parametrize('num', [0, 1, 17, 60, 199, 200])
def test_every_branch_gets_an_equal_share(num):
    tree = random_tree(NUMS, dim=2)
    shares = np.random.default_rng(0).dirichlet([0.3] * NUMS[0])
    sizes = np.random.default_rng(1).multinomial(200, shares)
    counts = balanced_counts(
        torch.from_numpy(sizes), tree.parents, NUMS[-1], num
    )
    assert int(counts.sum()) == num
    naive_bounds(tree, sizes.tolist(), counts.tolist())


def test_by_hand():
    """Top: 6 and 6 of 12; below: 2 are all, so 4 are left for the other."""
    parents = [torch.tensor([0, 0, 1])]
    sizes = torch.tensor([2, 50, 9])
    counts = balanced_counts(sizes, parents, 2, 12)
    assert counts.tolist() == [2, 4, 6]
    with pytest.raises(ValueError, match='62 images.* the 61 images'):
        balanced_counts(sizes, parents, 2, 62)


def test_what_cannot_be_divided_goes_to_random_branches():
    sizes, group = torch.full((3,), 9), torch.zeros(3, dtype=torch.long)
    generator = torch.Generator().manual_seed(0)
    found = [
        even_counts(sizes, group, torch.tensor([7]), generator).tolist()
        for _ in range(40)
    ]
    assert {tuple(c) for c in found} == {(3, 2, 2), (2, 3, 2), (2, 2, 3)}


def test_rank_in_group():
    group = torch.tensor([1, 0, 1, 1, 0])
    key = torch.tensor([5.0, 2.0, 1.0, 5.0, 2.0])
    assert rank_in_group(group, key).tolist() == [1, 0, 0, 2, 1]


LEAF = [0, 0, 0, 1, 1, 1, -1, 2, 2, 2, 2, 2]
SIMILARITY = [0.1, 0.5, 0.3, 0.2, 0.9, 0.1, 0.99, 0.5, 0.4, 0.3, 0.2, 0.1]


def draw(num, **options):
    tree = tree_of(LEAF, [0, 0, 1])
    return draw_balanced(
        torch.tensor(LEAF),
        tree.parents,
        tree.num_prototypes,
        num,
        similarity=torch.tensor(SIMILARITY),
        **options,
    ).tolist()


def test_closest_and_furthest():
    # 4 of 8 for each top branch: leaves 0 and 1 get 2 each, leaf 2 gets 4.
    assert draw(8, how='closest') == [1, 2, 3, 4, 7, 8, 9, 10]
    assert draw(8, how='furthest') == [0, 2, 3, 5, 8, 9, 10, 11]


def test_random_images_are_drawn_by_the_seed():
    found = {tuple(draw(4, seed=seed)) for seed in range(30)}
    assert len(found) > 10
    assert draw(4, seed=3) == draw(4, seed=3)
    for images in found:
        assert len(set(images)) == 4 and 6 not in images
        assert sorted(LEAF[i] for i in images) == [0, 1, 2, 2]


def test_errors():
    with pytest.raises(ValueError, match="'random', .*got 'best'"):
        draw(4, how='best')
    with pytest.raises(ValueError, match='needs the similarity'):
        draw_balanced(torch.tensor([0]), [], [1], 1, how='closest')


def repeated(num, max_repeats, seed=0):
    tree = tree_of(LEAF, [0, 0, 1])
    return draw_repeated(
        torch.tensor(LEAF),
        tree.parents,
        tree.num_prototypes,
        num,
        max_repeats,
        torch.Generator().manual_seed(seed),
    )


@pytest.mark.parametrize('num', [3, 12, 40])
def test_images_of_small_branches_repeat(num):
    drawn = repeated(num, max_repeats=5)
    assert len(drawn) == num
    times = drawn.bincount(minlength=len(LEAF))
    assert times[6] == 0
    leaf = torch.tensor(LEAF)
    taken = [int(times[leaf == k].sum()) for k in range(3)]
    # Half of the images for each top branch, a quarter for leaves 0 and 1.
    assert abs(taken[2] - num / 2) <= 0.5
    assert abs(taken[0] - taken[1]) <= 1
    for k in range(3):
        of_leaf = times[leaf == k]
        assert of_leaf.max() - of_leaf.min() <= 1 and of_leaf.max() <= 5


def test_repeats_are_bounded_unless_there_are_too_few_images():
    # A single image against five, at most twice each.
    tree = tree_of([0, 1, 1, 1, 1, 1])
    for most, num, alone in [(2, 6, 2), (3, 6, 3), (2, 30, 5)]:
        drawn = draw_repeated(tree.leaf, [], [2], num, most, torch.Generator())
        assert int((drawn == 0).sum()) == alone


def test_the_order_is_random():
    assert not torch.equal(repeated(12, 5), repeated(12, 5).sort().values)
    assert torch.equal(repeated(12, 5), repeated(12, 5))
    assert not torch.equal(repeated(12, 5), repeated(12, 5, seed=1))


def test_shares_of_branches():
    tree = tree_of(LEAF, [0, 0, 1])
    levels = level_shares(tree, torch.tensor(LEAF), torch.tensor([0, 7, 8]))
    assert levels[0].images.tolist() == [3, 3, 5]
    assert levels[0].drawn.tolist() == [1, 0, 2]
    assert levels[1].images.tolist() == [6, 5]
    first = levels[0].rows()[0]
    assert first == (2, 5, pytest.approx(5 / 11), 2, pytest.approx(2 / 3))
    assert [row[0] for row in levels[0].rows()] == [2, 0, 1]
    assert levels[1].evenness()[1] == pytest.approx(
        -(np.log(1 / 3) / 3 + np.log(2 / 3) * 2 / 3) / np.log(2)
    )
