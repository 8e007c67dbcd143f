from collections import Counter

import pytest
import torch

from hirl_mm.evaluation.functional import tree_purity
from hirl_mm.structures import PrototypeTree


def random_tree(num_prototypes=(12, 5, 2), num_samples=200, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def indices(num, high):
        return torch.randint(high, (num,), generator=generator)

    return PrototypeTree(
        centroids=[torch.randn(k, 4) for k in num_prototypes],
        parents=[
            indices(k, up)
            for k, up in zip(
                num_prototypes[:-1], num_prototypes[1:], strict=True
            )
        ],
        leaf=indices(num_samples, num_prototypes[0]),
    )


def naive_purity(tree, labels):
    purity = []
    assigned = tree.leaf.tolist()
    for level in range(tree.num_levels):
        if level:
            parent = tree.parents[level - 1].tolist()
            assigned = [parent[p] for p in assigned]
        hits = 0
        for prototype in set(assigned):
            members = [
                y
                for y, p in zip(labels, assigned, strict=True)
                if p == prototype
            ]
            hits += Counter(members).most_common(1)[0][1]
        purity.append(100 * hits / len(labels))
    return purity


@pytest.mark.parametrize('num_prototypes', [(4,), (9, 3), (12, 5, 2)])
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_naive_purity(num_prototypes, seed):
    tree = random_tree(num_prototypes, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(6, (200,), generator=generator) * 10 + 3
    expected = naive_purity(tree, labels.tolist())
    assert tree_purity(tree, labels) == pytest.approx(expected)


def test_hand_made_case_with_an_empty_prototype():
    tree = PrototypeTree(
        centroids=[torch.eye(4), torch.eye(4)[:2]],
        parents=[torch.tensor([0, 0, 1, 1])],
        leaf=torch.tensor([0, 0, 1, 1, 3]),
    )
    labels = torch.tensor([5, 5, 5, 0, 2])
    assert tree_purity(tree, labels) == [80.0, 80.0]
    assert tree_purity(tree, torch.tensor([0, 0, 1, 1, 2])) == [100.0, 60.0]


@pytest.mark.parametrize(
    ('labels', 'match'),
    [
        (torch.zeros(199, dtype=torch.long), r'\(199,\) for a tree over 200'),
        (torch.zeros(200, 1, dtype=torch.long), r'one per sample .*\(200, 1'),
        (torch.zeros(200), 'integers >= 0, got torch.float32'),
        (torch.arange(200) - 1, 'integers >= 0, .* with minimum -1'),
    ],
)
def test_rejects(labels, match):
    with pytest.raises(ValueError, match=match):
        tree_purity(random_tree(), labels)


def test_rejects_a_tree_without_samples():
    tree = PrototypeTree([torch.eye(2)], [], torch.zeros(0, dtype=torch.long))
    with pytest.raises(ValueError, match='a tree over 0 samples'):
        tree_purity(tree, torch.zeros(0, dtype=torch.long))
