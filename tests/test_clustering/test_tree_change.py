import pytest
import torch

from hirl_mm.clustering import feature_spread, moved_shares
from hirl_mm.structures import NO_LEAF
from tests.processes import run_processes
from tests.trees import random_tree, tree_of


def test_nothing_moves_between_equal_trees():
    tree = random_tree((12, 4, 2), dim=3)
    assert moved_shares(tree, tree) == (0, 0, 0)


def test_names_do_not_count():
    before = tree_of([0, 0, 1, 1, 2, 2], [0, 0, 1])
    after = tree_of([2, 2, 0, 0, 1, 1], [1, 0, 1])
    assert moved_shares(before, after) == (0, 0)


def test_a_leaf_may_stay_and_its_ancestor_change():
    before = tree_of([0, 0, 1, 1, 2, 2, 2], [0, 0, 1])
    after = tree_of([0, 0, 1, 1, 2, 2, 2], [0, 1, 1])
    assert moved_shares(before, after) == (0, pytest.approx(2 / 7))


def test_a_cluster_of_two_origins():
    """Of the new cluster of five, three were together before."""
    before = tree_of([0, 0, 0, 1, 1, 1])
    after = tree_of([1, 1, 1, 1, 1, 0])
    assert moved_shares(before, after) == (pytest.approx(2 / 6),)


def test_more_and_fewer_prototypes():
    before = tree_of([0, 0, 0, 0, 1, 1])
    after = tree_of([0, 0, 3, 3, 1, 1])
    assert moved_shares(before, after) == (0,)
    assert moved_shares(after, before) == (pytest.approx(2 / 6),)


def test_trees_of_other_images():
    with pytest.raises(ValueError, match=r'\(50, 2\) and \(60, 2\)'):
        moved_shares(
            random_tree((5, 2), 3), random_tree((5, 2), 3, num_samples=60)
        )


def test_spread_of_one_direction_is_zero():
    x = torch.randn(1, 16).repeat(30, 1) * torch.rand(30, 1)
    assert feature_spread(x) < 1e-3


def test_spread_of_opposite_directions_is_one():
    x = torch.randn(20, 16)
    assert feature_spread(torch.cat([x, -3 * x])) == pytest.approx(1)


def test_spread_is_the_standard_deviation_of_unit_rows():
    x = torch.randn(200, 5) + 1
    unit = (x / x.norm(dim=1, keepdim=True)).double()
    expected = unit.var(dim=0, correction=0).sum().sqrt().item()
    assert feature_spread(x) == pytest.approx(expected, abs=1e-6)


def spread_of_shard(rank):
    x = torch.arange(40.0).reshape(20, 2).sin() + 0.3
    idx = torch.arange(rank, 20, 2)
    assert feature_spread(x[idx], idx) == pytest.approx(feature_spread(x))
    assert feature_spread(x[idx]) != pytest.approx(feature_spread(x))


def test_spread_over_processes():
    run_processes(spread_of_shard, 2)


def test_images_without_a_leaf_do_not_move():
    """Those of one of the trees are not compared."""
    before = tree_of([0, 0, 1, 1, NO_LEAF])
    after = tree_of([0, NO_LEAF, 1, 0, 1])
    assert moved_shares(before, after) == (pytest.approx(1 / 3),)
    assert moved_shares(before, tree_of([NO_LEAF] * 4 + [0])) == (0,)
