import numpy as np
import pytest

from hirl_mm.clustering.sum_tree import SumTree


@pytest.mark.parametrize('num', [1, 2, 7, 64])
def test_finds_what_prefix_sums_find(num):
    generator = np.random.default_rng(num)
    weights = generator.random(num) * (generator.random(num) < 0.6)
    weights[num // 2] = 1.0
    tree = SumTree(weights.tolist())
    for _ in range(50):
        assert tree.total == pytest.approx(weights.sum())
        for value in generator.random(10) * tree.total:
            expected = np.searchsorted(np.cumsum(weights), value, 'right')
            assert tree.find(value) == expected
        changed = generator.integers(num)
        weights[changed] = generator.random() + 0.1
        tree[changed] = weights[changed]


def test_rounding_does_not_reach_a_weight_of_0():
    tree = SumTree([0.0, 0.3, 0.0, 0.0])
    assert tree.find(tree.total) == 1
