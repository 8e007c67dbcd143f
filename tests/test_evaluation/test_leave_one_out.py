"""kNN accuracy of samples among each other, against sorted similarities."""

import math

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import leave_one_out_accuracy


def naive(rows, labels, k):
    hits = 0
    for i, row in enumerate(rows):
        ranked = sorted(
            (
                -(row @ other) / np.linalg.norm(row) / np.linalg.norm(other),
                labels[j],
            )
            for j, other in enumerate(rows)
            if j != i
        )
        votes = {}
        for negative, label in ranked[:k]:
            votes[label] = votes.get(label, 0) + math.exp(-negative / 0.07)
        hits += max(votes, key=votes.get) == labels[i]
    return 100 * hits / len(rows)


@pytest.mark.parametrize('k', [1, 5, 59])
def test_formula(k):
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 4, 60)
    rows = generator.normal(size=(60, 6)) + 1.2 * np.eye(4, 6)[labels]
    found = leave_one_out_accuracy(
        torch.from_numpy(rows), torch.from_numpy(labels), k
    )
    assert found == pytest.approx(naive(rows, labels, k))
    assert 30 < found < 99


def test_copies_vote_for_each_other_but_not_for_themselves():
    """A lone class is never right, ten copies of a row with k = 3 always."""
    rows = torch.cat([torch.ones(10, 2), torch.tensor([[1.0, -1.0]])])
    labels = torch.tensor([0] * 10 + [1])
    found = leave_one_out_accuracy(rows, labels, k=3)
    assert found == pytest.approx(1000 / 11)
    alternating = torch.arange(10) % 2
    found = leave_one_out_accuracy(rows[:10], alternating, k=9)
    assert found == 0.0, 'four copies have its class, five have the other'


def test_too_many_neighbours():
    with pytest.raises(ValueError, match='less than the 3 samples, got 3'):
        leave_one_out_accuracy(torch.eye(3), torch.arange(3), k=3)
