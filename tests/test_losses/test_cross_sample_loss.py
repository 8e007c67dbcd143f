"""The loss of CsMl: hand-made cases, the formula, gradient, invariances."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.heads import ContrastiveHead

from hirl_mm.losses import cross_sample_loss
from tests.oracles import csml


def keys_with(cosines):
    """A query and unit rows with these cosines to it, all different."""
    num = len(cosines)
    query = torch.zeros(1, num + 1, dtype=torch.float64)
    query[0, 0] = 1
    rows = torch.zeros(num, num + 1, dtype=torch.float64)
    for row, cosine in enumerate(cosines):
        rows[row, 0] = cosine
        rows[row, row + 1] = math.sqrt(1 - cosine**2)
    return query, rows


def of_cosines(positives, negatives, weights=None):
    query, rows = keys_with((*positives, *negatives))
    num = len(positives)
    keys = list(rows[:num, None])
    return cross_sample_loss(query, keys, rows[num:], 0.2, weights).item()


def unit_rows(num, dim=6, seed=0, grad=False):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(num, dim, generator=generator, dtype=torch.float64)
    return F.normalize(rows, dim=1).requires_grad_(grad)


@pytest.mark.parametrize(
    ('positives', 'negatives', 'weights', 'expected'),
    [
        ((0.9,), (0.1, -0.2, 0), None, 0.0329621372),
        ((0.6,), (0.1, -0.2, 0), None, 0.1399251516),
        ((0.9, 0.6), (0.1, -0.2, 0), None, 0.0864436444),
        ((0.8, 0.5), (0, 0.2, -0.1), None, 0.1900169844),
        ((0.7, 0.65), (0.05, 0.05, 0.05), (0.7, 0.3), 0.1187898322),
    ],
)
def test_cosines(positives, negatives, weights, expected):
    found = of_cosines(positives, negatives, weights)
    assert found == pytest.approx(expected, abs=1e-9)


def test_as_many_negatives_as_in_the_queue():
    query = torch.eye(2, dtype=torch.float64)[:1]
    orthogonal = torch.eye(2, dtype=torch.float64)[1:].expand(65536, 2)
    best = cross_sample_loss(query, [query], orthogonal)
    equal = cross_sample_loss(query, [query], query.expand(65536, 2))
    assert best.item() == pytest.approx(6.0926169337, abs=1e-9)
    assert equal.item() == pytest.approx(math.log(65537), abs=1e-9)


WEIGHTS = {
    'equal': None,
    'numbers': [0.2, 0.5, 0.7],
    'per sample': [
        torch.tensor([0.1, 0.9, 0.0, 0.4]).double(),
        0.3,
        torch.tensor([1.0, 0.2, 0.7, 0.6]).double(),
    ],
}


@pytest.mark.parametrize('weights', WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize('temperature', [0.2, 1.5])
def test_equals_the_formula_with_its_gradient(weights, temperature):
    query, other = unit_rows(4, grad=True), unit_rows(4, grad=True)
    positives = [unit_rows(4, seed=s, grad=True) for s in (1, 2, 3)]
    negatives = unit_rows(9, seed=4, grad=True)
    found = cross_sample_loss(
        query, positives, negatives, temperature, weights
    )
    expected = csml.cross_sample(
        other,
        positives,
        negatives.detach(),
        temperature,
        weights or [1 / 3] * 3,
    )
    (3 * found).backward()
    (3 * expected).backward()
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(query.grad, other.grad, rtol=1e-10, atol=1e-14)
    assert all(key.grad is None for key in (*positives, negatives))


def test_gradient_of_the_paper():
    """-(1 / 2 tau) sum over both keys c of (1 - pi_c) k_c - sum pi_ci k_i."""
    query = unit_rows(1, grad=True)
    keys, negatives = unit_rows(2, seed=1), unit_rows(5, seed=2)
    cross_sample_loss(query, list(keys[:, None]), negatives).backward()
    expected = torch.zeros(6).double()
    for key in keys:
        rows = torch.cat([key[None], negatives])
        pi = (rows @ query[0].detach() / 0.2).softmax(0)
        pulled = (1 - pi[0]) * key - (pi[1:, None] * negatives).sum(0)
        expected -= pulled / 0.4
    torch.testing.assert_close(query.grad[0], expected)


def test_one_positive_is_moco():
    query, key = unit_rows(4).float(), unit_rows(4, seed=1).float()
    negatives = unit_rows(9, seed=2).float()
    head = ContrastiveHead(dict(type='CrossEntropyLoss'), temperature=0.2)
    expected = head.loss(
        (query * key).sum(1, keepdim=True), query @ negatives.T
    )
    found = cross_sample_loss(query, [key], negatives, 0.2)
    torch.testing.assert_close(found, expected)


def test_a_positive_is_no_negative_of_another():
    """With all weight on one, the other changes nothing, bit by bit."""
    query, key = unit_rows(4), unit_rows(4, seed=1)
    negatives = unit_rows(9, seed=2)
    losses = [
        cross_sample_loss(
            query, [key, unit_rows(4, seed=s)], negatives, weights=(1, 0)
        )
        for s in (3, 4)
    ]
    assert torch.equal(*losses)
    alone = cross_sample_loss(query, [key], negatives)
    torch.testing.assert_close(losses[0], alone, rtol=1e-15, atol=0)


def test_order_of_positives_and_negatives_does_not_matter():
    query, negatives = unit_rows(4), unit_rows(9, seed=2)
    a, b = unit_rows(4, seed=3), unit_rows(4, seed=4)
    one = cross_sample_loss(query, [a, b], negatives)
    other = cross_sample_loss(query, [b, a], negatives.flip(0))
    torch.testing.assert_close(one, other, rtol=1e-14, atol=0)


def test_negatives_may_be_overwritten_before_the_backward_pass():
    query, again = unit_rows(4, grad=True), unit_rows(4, grad=True)
    key, negatives = unit_rows(4, seed=1), unit_rows(9, seed=2)
    cross_sample_loss(again, [key], negatives.clone()).backward()
    loss = cross_sample_loss(query, [key], negatives)
    negatives.zero_()
    key.zero_()
    loss.backward()
    assert torch.equal(query.grad, again.grad)


def test_nothing_of_the_size_of_the_queue_is_kept():
    query = unit_rows(4, grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t.numel()) or t, lambda t: t
    ):
        loss = cross_sample_loss(query, [unit_rows(4)], unit_rows(5000))
    assert loss.requires_grad and max(kept) <= query.numel()


@pytest.mark.parametrize('far', [1, -1])
def test_extreme_similarities_are_finite(far):
    query = torch.tensor([[1.0, 0.0]], requires_grad=True)
    key, negatives = far * query.detach(), -far * query.detach()
    loss = cross_sample_loss(query, [key], negatives, 0.005)
    loss.backward()
    assert loss.isfinite() and query.grad.isfinite().all()
    assert loss.item() == pytest.approx(0 if far > 0 else 400, abs=1e-4)


def test_half_precision_and_autocast():
    query, key = unit_rows(4), unit_rows(4, seed=1)
    negatives = unit_rows(9, seed=2)
    half = [t.bfloat16() for t in (query, key, negatives)]
    expected = cross_sample_loss(half[0].float(), [half[1]], half[2])
    with torch.autocast('cpu', torch.bfloat16):
        found = cross_sample_loss(half[0], [half[1]], half[2])
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_without_gradient():
    query, key = unit_rows(4, grad=True), unit_rows(4, seed=1)
    negatives = unit_rows(9, seed=2)
    with torch.no_grad():
        found = cross_sample_loss(query, [key], negatives)
    assert not found.requires_grad
    others = unit_rows(4, seed=1, grad=True), unit_rows(9, seed=2, grad=True)
    alone = cross_sample_loss(query.detach(), [others[0]], others[1])
    assert torch.equal(alone, found) and not alone.requires_grad
    assert torch.equal(found, cross_sample_loss(query, [key], negatives))


def test_second_derivative_is_refused():
    query = unit_rows(4, grad=True)
    loss = cross_sample_loss(query, [unit_rows(4)], unit_rows(9))
    with pytest.raises(RuntimeError, match='no second derivative'):
        torch.autograd.grad(loss, query, create_graph=True)


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (dict(positives=[]), r'got \(4, 6\) and \[\]'),
        (dict(positives=[unit_rows(3)]), r'\(4, 6\) and \[\(3, 6\)\]'),
        (dict(query=unit_rows(4)[0]), r'\(6,\) and'),
        (dict(negatives=unit_rows(9, 5)), r'\(N, 6\), got \(9, 5\)'),
        (dict(negatives=unit_rows(9)[0]), r'\(N, 6\), got \(6,\)'),
        (dict(temperature=0), 'must be positive, got 0'),
        (dict(weights=[0.5, 0.5]), 'each of 1 positives, got 2'),
    ],
)
def test_what_does_not_fit(change, text):
    options = dict(
        query=unit_rows(4), positives=[unit_rows(4)], negatives=unit_rows(9)
    )
    with pytest.raises(ValueError, match=text):
        cross_sample_loss(**options | change)
