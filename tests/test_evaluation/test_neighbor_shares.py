import pytest
import torch

from hirl_mm.evaluation.functional import kept_share, same_class_share


def naive(before, after, labels):
    """One neighbour at a time; images without neighbours do not count."""
    kept, same = [], []
    for i, row in enumerate(after.tolist()):
        if any(j != i for j in row):
            kept += [j in before[i].tolist() for j in row]
            same += [labels[j] == labels[i] for j in row]
    return sum(map(float, kept)) / len(kept), sum(map(float, same)) / len(same)


def test_equal_the_naive_shares():
    before, after = torch.randint(30, (30, 4)), torch.randint(30, (30, 6))
    after[[3, 8]] = torch.tensor([[3], [8]])
    labels = torch.randint(3, (30,))
    kept, same = naive(before, after, labels.tolist())
    assert kept_share(before, after) == pytest.approx(kept)
    assert same_class_share(after, labels) == pytest.approx(same)


def test_by_hand():
    table = torch.tensor([[1, 3], [0, 3], [2, 2], [1, 0]])
    later = torch.tensor([[3, 1], [3, 0], [2, 2], [0, 1]])
    assert kept_share(table, later) == 1
    later[0] = torch.tensor([2, 1])
    assert kept_share(table, later) == pytest.approx(5 / 6)
    assert same_class_share(
        table, torch.tensor([1, 1, 1, 0])
    ) == pytest.approx(2 / 6)
    nobody = torch.arange(3)[:, None]
    assert kept_share(nobody, nobody) is None
    assert same_class_share(nobody, torch.zeros(3)) is None
