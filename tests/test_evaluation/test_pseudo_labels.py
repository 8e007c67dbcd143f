"""Pseudo-labels against hand-made cases and a naive float64 entropy."""

import math

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import confident_pseudo_labels


def scores_of(*rows):
    return torch.tensor(rows, dtype=torch.float64).log()


def test_cases_of_the_paper():
    """Two of three classes: 0.6931 nats, 1 bit; uniform: 1.0986, 1.585."""
    found = confident_pseudo_labels(
        scores_of((0.5, 0.5, 0), (1 / 3, 1 / 3, 1 / 3), (0, 0, 1))
    )
    assert found.entropy.tolist() == pytest.approx([0.6931472, 1.0986123, 0])
    assert found.kept.tolist() == [True, False, True]
    assert found.labels.tolist()[2] == 2
    # In bits the second one would be kept up to 1.6, the first one up to 1.
    scores = scores_of((0.5, 0.5, 0), (1 / 3, 1 / 3, 1 / 3))
    assert confident_pseudo_labels(scores, 0.7).kept.tolist() == [1, 0]
    assert confident_pseudo_labels(scores, 1.1).kept.tolist() == [1, 1]


def test_naive_entropies():
    logits = 4 * torch.randn(200, 7)
    found = confident_pseudo_labels(logits)
    for row, label, entropy, kept in zip(logits, *found, strict=True):
        weights = [math.exp(score) for score in row.tolist()]
        shares = [weight / sum(weights) for weight in weights]
        naive = -sum(p * math.log(p) for p in shares)
        assert float(entropy) == pytest.approx(naive, abs=1e-5)
        assert bool(kept) == (naive <= 1)
        assert shares[label] == max(shares)
    assert 20 < found.kept.sum() < 180


def test_equal_entropy_is_kept():
    logits = torch.zeros(1, 2, dtype=torch.float64)
    entropy = confident_pseudo_labels(logits).entropy.item()
    assert confident_pseudo_labels(logits, entropy).kept.all()
    less = float(np.nextafter(entropy, 0))
    assert not confident_pseudo_labels(logits, less).kept.any()


def test_shift_and_order_do_not_matter():
    logits = 3 * torch.randn(30, 5, dtype=torch.float64)
    found = confident_pseudo_labels(logits)
    shifted = confident_pseudo_labels(logits + torch.randn(30, 1).double())
    torch.testing.assert_close(shifted, found)
    order, classes = torch.randperm(30), torch.randperm(5)
    other = confident_pseudo_labels(logits[order][:, classes])
    torch.testing.assert_close(other.entropy, found.entropy[order])
    assert torch.equal(classes[other.labels], found.labels[order])


def test_large_and_half_scores():
    """Certain predictions have the entropy 0, not NaN."""
    logits = torch.tensor([[6e4, -6e4, 0.0], [0.0, -math.inf, 0.0]])
    found = confident_pseudo_labels(logits.half())
    assert found.entropy.dtype == torch.float32
    assert found.entropy.tolist() == pytest.approx([0, math.log(2)])


def test_broken_scores_are_dropped():
    found = confident_pseudo_labels(torch.tensor([[math.nan, 1.0]]))
    assert found.entropy.isnan().all() and not found.kept.any()


@pytest.mark.parametrize(
    ('logits', 'most', 'message'),
    [
        (torch.zeros(4), 1, r'column per class.*shape \(4,\)'),
        (torch.zeros(4, 1), 1, r'two classes or more, got shape \(4, 1\)'),
        (torch.zeros(4, 3), -0.1, 'got -0.1; .* 3 classes is at most 1.10'),
        (torch.zeros(4, 3), math.nan, 'got nan'),
    ],
)
def test_bad_input(logits, most, message):
    with pytest.raises(ValueError, match=message):
        confident_pseudo_labels(logits, most)
