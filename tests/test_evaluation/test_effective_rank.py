"""RankMe against the formula of the paper."""

import math

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import effective_rank
from hirl_mm.features import NonFiniteFeaturesError


def naive(rows):
    singular = np.linalg.svd(rows, compute_uv=False)
    shares = [s / sum(singular) for s in singular if s > 0]
    return math.exp(-sum(p * math.log(p) for p in shares))


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    return generator.normal(size=(40, 9)) * np.logspace(0, -3, 9) + 0.2


@pytest.mark.parametrize('shape', ['tall', 'wide'])
def test_formula(shape, rows):
    rows = rows if shape == 'tall' else rows.T.copy()
    found = effective_rank(torch.from_numpy(rows))
    assert found == pytest.approx(naive(rows), rel=1e-9)
    half = torch.from_numpy(rows).half()
    expected = naive(half.double().numpy())
    assert effective_rank(half) == pytest.approx(expected, rel=1e-6)


def test_unequal_directions_by_hand():
    """Singular values 3 and 1: shares of 3/4 and 1/4."""
    rows = torch.zeros(5, 4)
    rows[0, 2], rows[3, 1] = 3.0, -1.0
    expected = math.exp(0.75 * math.log(4 / 3) + 0.25 * math.log(4))
    assert effective_rank(rows) == pytest.approx(expected, rel=1e-9)


def test_few_directions_far_from_the_origin(rows):
    """Rounding gives the other hundreds of directions no weight."""
    wide = torch.randn(200, 2) @ torch.randn(2, 300)
    expected = naive(wide.double().numpy())
    assert effective_rank(wide) == pytest.approx(expected, rel=1e-4)
    assert effective_rank(torch.full((200, 300), 1e3)) == 1.0


def test_scale_order_and_rotation_do_not_count(rows):
    rows = torch.from_numpy(rows)
    turn, _ = torch.linalg.qr(torch.randn(9, 9, dtype=torch.float64))
    changed = 1e-6 * (rows @ turn)[torch.randperm(40)]
    assert effective_rank(changed) == pytest.approx(
        effective_rank(rows), rel=1e-9
    )


def test_nothing_to_measure():
    assert effective_rank(torch.zeros(4, 3)) == 0.0
    with pytest.raises(ValueError, match=r'shape \(N, D\), got \(2, 3, 1\)'):
        effective_rank(torch.zeros(2, 3, 1))
    with pytest.raises(NonFiniteFeaturesError, match='1 of 2 rows'):
        effective_rank(torch.tensor([[0.0], [math.nan]]))
