import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import (
    clustering_scores,
    hierarchy_scores,
    level_clustering_scores,
    tree_agreement,
    tree_purity,
)
from hirl_mm.structures import NO_LEAF
from tests.trees import random_tree, tree_of

# 0, 1 below 0; 2 below 1; 3, 4 below 2; 0 and 1 below 0; 2 below 1
TABLES = [[0, 1, 2, 3, 4], [0, 0, 1, 2, 2], [0, 0, 0, 1, 1]]


def random_tables(nums, seed=0):
    """Tables of a random tree with ``nums`` classes per level."""
    rng = np.random.default_rng(seed)
    tables = [np.arange(nums[0])]
    for fine, coarse in zip(nums, nums[1:], strict=False):
        parents = rng.permutation(np.arange(fine) % coarse)
        tables.append(parents[tables[-1]])
    return tables


def ancestors(tables, name):
    """A node and all above it, each as (level, label), and the root."""
    path = [(level, table[name]) for level, table in enumerate(tables)]
    return [*path, 'root']


def naive_distance(tables, one, other):
    """Edges up to the first ancestor that two classes share."""
    others = ancestors(tables, other)
    for height, node in enumerate(ancestors(tables, one)):
        if node in others:
            return height


@pytest.mark.parametrize('nums', [(7,), (9, 3), (20, 8, 3, 2)])
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_the_naive_walk_up_the_tree(nums, seed):
    tables = random_tables(nums, seed)
    rng = np.random.default_rng(seed)
    targets = rng.integers(nums[0], size=50)
    predictions = np.where(
        rng.random(50) < 0.4, targets, rng.integers(nums[0], size=50)
    )
    scores = hierarchy_scores(tables, targets, predictions)
    pairs = list(zip(targets, predictions, strict=True))
    distances = [naive_distance(tables, t, p) for t, p in pairs]
    mistakes = [d for d in distances if d]
    assert scores.mean_distance == pytest.approx(np.mean(distances))
    assert scores.mistake_distance == pytest.approx(np.mean(mistakes))
    for level, table in enumerate(tables):
        hits = sum(table[t] == table[p] for t, p in pairs)
        assert scores.accuracy[level] == pytest.approx(100 * hits / 50)


def test_hand_made_case():
    scores = hierarchy_scores(TABLES, [0, 0, 0, 3], [0, 1, 2, 0])
    # right, a sibling, a cousin, and nothing in common below the root
    assert scores.accuracy == (25.0, 50.0, 75.0)
    assert scores.mistake_distance == pytest.approx((1 + 2 + 3) / 3)
    assert scores.mean_distance == pytest.approx((0 + 1 + 2 + 3) / 4)


def test_without_mistakes_there_is_no_distance_of_mistakes():
    scores = hierarchy_scores(TABLES, torch.arange(5), torch.arange(5))
    assert scores.accuracy == (100.0,) * 3
    assert scores.mistake_distance is None
    assert scores.mean_distance == 0


def test_clusterings_of_every_level():
    rng = np.random.default_rng(0)
    targets = rng.integers(5, size=40)
    clusterings = [rng.integers(k, size=40) for k in (5, 3, 2)]
    found = level_clustering_scores(TABLES, targets, clusterings)
    for table, clusters, scores in zip(
        TABLES, clusterings, found, strict=True
    ):
        labels = [table[t] for t in targets]
        assert scores == clustering_scores(labels, clusters)
    perfect = [np.array(table)[targets] + 7 for table in TABLES]
    found = level_clustering_scores(TABLES, targets, perfect)
    assert [scores['acc'] for scores in found] == [100] * 3
    with pytest.raises(
        ValueError, match='3 levels needs one clustering .* got 2'
    ):
        level_clustering_scores(TABLES, targets, clusterings[:2])


def naive_nmi(one, other):
    def entropy(values):
        shares = [n / len(values) for n in Counter(values).values()]
        return -sum(p * math.log(p) for p in shares)

    single = entropy(one) + entropy(other)
    joint = entropy(list(zip(one, other, strict=True)))
    return 100 * (single - joint) / (single / 2)


def test_agreement_of_a_tree_with_a_taxonomy():
    tree = random_tree((12, 4), 3, num_samples=60)
    targets = np.random.default_rng(0).integers(5, size=60)
    found = tree_agreement(tree, TABLES, targets)
    assert found.purity.shape == found.nmi.shape == (2, 3)
    paths = tree.paths(tree.leaf)
    for t, table in enumerate(TABLES):
        labels = np.array(table)[targets]
        purity = tree_purity(tree, torch.from_numpy(labels))
        np.testing.assert_allclose(found.purity[:, t], purity)
        for level in range(2):
            nmi = naive_nmi(labels.tolist(), paths[:, level].tolist())
            assert found.nmi[level, t] == pytest.approx(nmi)


def test_agreement_of_a_tree_that_is_the_taxonomy():
    targets = np.arange(5).repeat(3)
    tree = tree_of(targets.tolist(), [0, 0, 1, 2, 2], [0, 0, 1])
    found = tree_agreement(tree, TABLES, targets)
    np.testing.assert_allclose(np.diag(found.purity), 100)
    np.testing.assert_allclose(np.diag(found.nmi), 100)
    # 3 groups of 6, 3 and 6 samples hold at most 3 of one class each
    assert found.purity[1, 0] == pytest.approx(60)


@pytest.mark.parametrize(
    ('tables', 'match'),
    [
        ([], 'one label per class for each of the levels'),
        ([[]], 'one label per class'),
        ([[0, 1], [0]], r'the shapes \[\(2,\), \(1,\)\]'),
        ([[[0, 1]]], r'the shapes \[\(1, 2\)\]'),
        ([[0.0, 1.0]], 'tables must be integers, got float64'),
        ([[0, 0, 1]], 'a different label .*, got 2 labels for 3 classes'),
        (
            [[0, 1, 2], [0, 1, 1], [0, 0, 1]],
            'label 1 of level 1 has 2 parents on level 2',
        ),
    ],
)
def test_rejects_tables(tables, match):
    with pytest.raises(ValueError, match=match):
        hierarchy_scores(tables, [0], [0])


@pytest.mark.parametrize(
    ('targets', 'predictions', 'match'),
    [
        ([5], [0], r'targets must be classes .* \[0, 5\), .* 5 to 5; give'),
        ([0, 1], [0, -1], r'predictions must be classes .* from -1 to 0'),
        ([0, 1], [0], 'the same length, got 2 and 1'),
        ([0.5], [0], r'targets must be a vector .* \(1,\) of float64'),
        ([], [], 'targets must be a vector of one or more'),
        ([[0]], [0], r'got shape \(1, 1\)'),
    ],
)
def test_rejects_classes(targets, predictions, match):
    with pytest.raises(ValueError, match=match):
        hierarchy_scores(TABLES, targets, predictions)


def test_agreement_rejects_targets_of_other_samples():
    tree = random_tree((4,), 3, num_samples=9)
    with pytest.raises(ValueError, match=r'\(8,\) for a tree over 9 samples'):
        tree_agreement(tree, TABLES, [0] * 8)
    with pytest.raises(
        ValueError, match='give a taxonomy that has all classes'
    ):
        tree_agreement(tree, TABLES, [7] * 9)


def test_samples_without_a_leaf_do_not_count():
    tree = random_tree((12, 4), 3, num_samples=60)
    targets = np.random.default_rng(0).integers(5, size=60)
    clustered = torch.arange(60) % 7 > 0
    partly = replace(tree, leaf=tree.leaf.where(clustered, NO_LEAF))
    found = tree_agreement(partly, TABLES, targets)
    few = replace(tree, leaf=tree.leaf[clustered])
    expected = tree_agreement(few, TABLES, targets[clustered.numpy()])
    np.testing.assert_allclose(found.purity, expected.purity)
    np.testing.assert_allclose(found.nmi, expected.nmi)
    labels = torch.from_numpy(targets)
    assert tree_purity(partly, labels) == tree_purity(few, labels[clustered])
