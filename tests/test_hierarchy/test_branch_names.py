"""Votes, names and pseudo-labels, against a walk up every path."""

from collections import Counter

import pytest
import torch

from hirl_mm.hierarchy import count_votes, pseudo_labels
from hirl_mm.hierarchy.branch_names import branch_texts
from tests.trees import random_tree, tree_of

NUMS = 12, 5, 2
CLASSES = 3


def naive_share(tree, node, level, votes, smoothing):
    """Shares of the classes by the formula, from the branch to the top."""
    if level == tree.num_levels:
        total = Counter()
        for (at, _), counts in votes.items():
            if at == level - 1:
                total.update(counts)
        above = [1 / CLASSES] * CLASSES
    else:
        total = votes.get((level, node), Counter())
        parent = 0 if level + 1 == tree.num_levels else None
        if parent is None:
            parent = int(tree.parents[level][node])
        above = naive_share(tree, parent, level + 1, votes, smoothing)
    n = sum(total.values())
    return [
        (total[c] + smoothing * p) / (n + smoothing)
        for c, p in enumerate(above)
    ]


@pytest.mark.parametrize('smoothing', [0.5, 3.0])
def test_pseudo_labels(smoothing):
    tree = random_tree(NUMS, dim=2)
    path = tree.paths(torch.tensor([0, 0, 1, 4, -1, 0]))
    label = torch.tensor([2, 2, 1, 0, 1, 1])
    votes = {}
    for nodes, c in zip(path.tolist(), label.tolist(), strict=True):
        for level, node in enumerate(nodes):
            if node >= 0:
                votes.setdefault((level, node), Counter())[c] += 1
    leaf = torch.tensor([*range(NUMS[0]), -1])
    found = pseudo_labels(
        tree, leaf, count_votes(path, label), CLASSES, smoothing
    )
    levels = set()
    for k in range(NUMS[0]):
        nodes = tree.paths(torch.tensor(k)).tolist()
        having = [at for at, n in enumerate(nodes) if (at, n) in votes]
        level = having[0] if having else -1
        levels.add(level)
        assert int(found.level[k]) == level
        if not having:
            assert found.label[k] == -1 and found.confidence[k] == 0
            continue
        share = naive_share(tree, nodes[level], level, votes, smoothing)
        assert int(found.label[k]) == share.index(max(share))
        assert float(found.confidence[k]) == pytest.approx(max(share))
    assert len(levels) > 1
    last = [value[-1].item() for value in found]
    assert last == [-1, 0, -1]


def test_by_hand():
    """One vote of class 1 in leaf 0; leaf 2 is in a branch without votes."""
    tree = tree_of([0, 1, 2], [0, 0, 1])
    votes = count_votes(torch.tensor([[0, 0]]), torch.tensor([1]))
    found = pseudo_labels(tree, torch.tensor([0, 1, 2]), votes, 2)
    assert found.label.tolist() == [1, 1, -1]
    assert found.level.tolist() == [0, 1, -1]
    # All: (1 + 1/2) / 2 = 3/4; the branch: (1 + 3/4) / 2; its leaf again.
    expected = [(1 + 7 / 8) / 2, 7 / 8, 0]
    assert found.confidence.tolist() == pytest.approx(expected)


def test_equal_shares_take_the_smaller_class():
    tree = tree_of([0, 0])
    votes = count_votes(torch.tensor([[0], [0]]), torch.tensor([2, 1]))
    assert pseudo_labels(tree, tree.leaf, votes, 3).label.tolist() == [1, 1]
    with pytest.raises(ValueError, match='above 0, got 0'):
        pseudo_labels(tree, tree.leaf, votes, 3, smoothing=0)


def test_names_and_conflicts():
    path = torch.tensor([[0, 0], [1, 0], [1, 0], [2, 1], [-1, -1]])
    votes = count_votes(path, torch.tensor([0, 1, 1, 0, 1]))
    assert branch_texts(votes, ['cat', 'dog']) == [
        dict(level=0, node=0, name='cat', votes=dict(cat=1), conflict=False),
        dict(level=0, node=1, name='dog', votes=dict(dog=2), conflict=False),
        dict(level=0, node=2, name='cat', votes=dict(cat=1), conflict=False),
        dict(
            level=1,
            node=0,
            name='dog',
            votes=dict(dog=2, cat=1),
            conflict=True,
        ),
        dict(level=1, node=1, name='cat', votes=dict(cat=1), conflict=False),
    ]
    order = [branch['votes'] for branch in branch_texts(votes, 'ab')]
    assert list(order[3]) == ['b', 'a']


def test_no_votes():
    tree = tree_of([0, 1])
    votes = count_votes(torch.tensor([[-1]]), torch.tensor([0]))
    assert branch_texts(votes, ['a']) == []
    assert pseudo_labels(tree, tree.leaf, votes, 1).label.tolist() == [-1, -1]
