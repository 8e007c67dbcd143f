"""The best scores of every row, by blocks of scores."""

import pytest
import torch

from hirl_mm.features.best_scores import GROUP, update_best


def best_of(scores, num, width, transposed):
    """Keep the best of blocks of ``width`` columns."""
    best = torch.full((len(scores), num), -torch.inf)
    idx = torch.zeros(len(scores), num, dtype=torch.long)
    columns = torch.arange(scores.size(1))
    for block, numbers in zip(
        scores.split(width, 1), columns.split(width), strict=True
    ):
        block = block.T.contiguous().T if transposed else block.contiguous()
        update_best(best, idx, block, numbers)
    return best, idx


@pytest.mark.parametrize('transposed', [False, True])
@pytest.mark.parametrize('num', [1, 7, 30])
@pytest.mark.parametrize('width', [GROUP, 4 * GROUP, 16 * GROUP])
def test_equals_a_sort_of_all(width, num, transposed):
    scores = torch.randn(9, 16 * GROUP)
    scores[scores < -1] = -torch.inf
    best, idx = best_of(scores, num, width, transposed)
    expected, order = scores.sort(dim=1, descending=True)
    assert torch.equal(best, expected[:, :num])
    assert torch.equal(idx, order[:, :num])


def test_equal_scores_are_counted():
    scores = torch.ones(3, 8 * GROUP)
    scores[1, 50] = 2
    best, idx = best_of(scores, 20, 2 * GROUP, False)
    assert best.tolist() == [[1.0] * 20, [2.0] + [1.0] * 19, [1.0] * 20]
    assert all(len(set(row)) == 20 for row in idx.tolist())


def test_rows_without_better_scores_stay():
    best, idx = torch.full((4, 2), 5.0), torch.arange(8).view(4, 2)
    update_best(best, idx, torch.zeros(4, GROUP), torch.arange(GROUP))
    assert best.eq(5).all() and idx.flatten().tolist() == list(range(8))
