"""The loss of HCCL: hand-made cases, the formulas, bounds and invariances."""

import math

import pytest
import torch
from torch.nn import functional as F

from hirl_mm.losses import cross_level_loss
from hirl_mm.losses.level_wiring import WEIGHTINGS, cyclic_wiring
from tests.oracles import baselines, hccl

# Of four cosines 0.1 to 0.4, the weighted sum; and the least value.
BY_HAND = {
    'eq': (-1.0, -4.0),
    'pseudocode': (-0.4, -1.5),
    'balanced': (-0.5, -2.0),
    'mean': (-0.25, -1.0),
}


def at_angle(cosine):
    return torch.tensor([[cosine, math.sqrt(1 - cosine**2)]]).double()


def levels_of(num, seed=0, batch=4, dim=6, grad=False):
    """Of two views, ``num`` tensors each, in float64."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        [
            torch.randn(
                (batch, dim), generator=generator, dtype=torch.float64
            ).requires_grad_(grad)
            for _ in range(num)
        ]
        for _ in range(2)
    )


@pytest.mark.parametrize('weighting', BY_HAND)
def test_four_cosines(weighting):
    """p_a1 with z_b2 .1, p_a2 with z_b1 .2, p_b1 with z_a2 .3, p_b2, z_a1 .4.

    Every target has a direction of its own, so that a wrong pair shows.
    """
    axis = torch.eye(8).double()
    cosines = torch.tensor([0.1, 0.2, 0.3, 0.4]).double()
    z_b2, z_b1, z_a2, z_a1 = axis[:4, None]
    p_a1, p_a2, p_b1, p_b2 = (
        c * axis[i, None] + torch.sqrt(1 - c * c) * axis[4 + i, None]
        for i, c in enumerate(cosines)
    )
    found = cross_level_loss(
        ([p_a1, p_a2], [p_b1, p_b2]), ([z_a1, z_a2], [z_b1, z_b2]), weighting
    )
    assert found.item() == pytest.approx(BY_HAND[weighting][0])


@pytest.mark.parametrize('weighting', BY_HAND)
def test_alignment_is_the_bound(weighting):
    least = BY_HAND[weighting][1]
    same = torch.randn(5, 3).double()
    across = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double()
    aligned = ([2 * same] * 2, [same] * 2)
    targets = ([same] * 2, [3 * same] * 2)
    found = cross_level_loss(aligned, targets, weighting)
    assert found.item() == pytest.approx(least)
    flipped = tuple([-level for level in levels] for levels in aligned)
    found = cross_level_loss(flipped, targets, weighting)
    assert found.item() == pytest.approx(-least)
    orthogonal = ([across] * 2,) * 2, ([across.flip(0)] * 2,) * 2
    assert cross_level_loss(*orthogonal, weighting).item() == 0


@pytest.mark.parametrize('num', [1, 2, 3, 4])
@pytest.mark.parametrize('weighting', WEIGHTINGS)
def test_values_and_gradients_are_those_of_the_formula(weighting, num):
    found_p, found_z = levels_of(num, grad=True), levels_of(num, 1, grad=True)
    naive_p, naive_z = levels_of(num, grad=True), levels_of(num, 1, grad=True)
    found = cross_level_loss(found_p, found_z, weighting)
    expected = hccl.loss(naive_p, naive_z, weighting)
    torch.testing.assert_close(found, expected)
    bound = sum(w for *_, w in cyclic_wiring(num, weighting)) * 2
    assert abs(found) < bound
    assert (
        -bound
        == {
            'eq': -2 * num,
            'pseudocode': -(2 * num - 1) / 2,
            'balanced': -num,
            'mean': pytest.approx(-1),
        }[weighting]
    )
    found.backward()
    expected.backward()
    for one, other in zip(sum(found_p, []), sum(naive_p, []), strict=True):
        assert one.grad.abs().max() > 1e-3
        torch.testing.assert_close(one.grad, other.grad)
        # the length of a prediction does not matter
        along = (one * one.grad).sum(1)
        torch.testing.assert_close(along, torch.zeros_like(along))
    assert all(z.grad is None for z in sum(found_z, []))


def test_gradient_by_hand():
    """p = (3, 4), z = (1, 0): -(0.128, -0.096)."""
    p = torch.tensor([[3.0, 4.0]], requires_grad=True)
    z = torch.tensor([[1.0, 0.0]], requires_grad=True)
    loss = cross_level_loss(([p], [z]), ([p], [z]), wiring=[(0, 0, 1.0)])
    # view b predicts itself from p, which is not of this test
    loss = loss + F.cosine_similarity(z, p.detach()).mean()
    assert loss.item() == pytest.approx(-0.6)
    loss.backward()
    assert p.grad.flatten().tolist() == pytest.approx([-0.128, 0.096])


def test_no_gradient_into_targets_that_are_also_predictions():
    """As with an identity for a predictor: only the first argument counts."""
    levels = levels_of(2, grad=True)
    frozen = tuple([z.detach() for z in view] for view in levels)
    cross_level_loss(levels, levels).backward()
    own = [z.grad.clone() for z in sum(levels, [])]
    for z in sum(levels, []):
        z.grad = None
    cross_level_loss(levels, frozen).backward()
    torch.testing.assert_close(own, [z.grad for z in sum(levels, [])])


@pytest.mark.parametrize('weighting', WEIGHTINGS)
def test_invariances(weighting):
    predictions, targets = levels_of(3), levels_of(3, 1)
    expected = cross_level_loss(predictions, targets, weighting)
    swapped = cross_level_loss(predictions[::-1], targets[::-1], weighting)
    torch.testing.assert_close(swapped, expected)
    rows = torch.tensor([2, 0, 3, 1])
    permuted = [
        tuple([z[rows] for z in view] for view in pair)
        for pair in (predictions, targets)
    ]
    torch.testing.assert_close(
        cross_level_loss(*permuted, weighting), expected
    )
    longer = [
        tuple([(i + 2) * z for i, z in enumerate(view)] for view in pair)
        for pair in (predictions, targets)
    ]
    torch.testing.assert_close(cross_level_loss(*longer, weighting), expected)


def test_one_level_is_simsiam():
    predictions, targets = levels_of(1), levels_of(1, 1)
    expected = baselines.simsiam(
        [p for (p,) in predictions], [z for (z,) in targets]
    )
    for weighting, factor in (('mean', 1), ('balanced', 1), ('eq', 2)):
        found = cross_level_loss(predictions, targets, weighting)
        torch.testing.assert_close(found, factor * expected)


def test_every_target_meets_one_prediction_of_the_other_view():
    """Three levels: z_b3 with p_a1, z_b1 with p_a2, z_b2 with p_a3."""
    predictions, targets = levels_of(3), levels_of(3, 1)
    predicts = {2: 0, 0: 1, 1: 2}
    before = cross_level_loss(predictions, targets, 'eq')
    for view in range(2):
        for level in range(3):
            moved = tuple(list(levels) for levels in targets)
            moved[view][level] = torch.randn(4, 6).double()
            found = cross_level_loss(predictions, moved, 'eq') - before
            p = predictions[1 - view][predicts[level]]
            expected = hccl.distance(p, moved[view][level]) - hccl.distance(
                p, targets[view][level]
            )
            assert abs(expected) > 1e-3
            torch.testing.assert_close(found, expected)


def test_wiring_of_ones_own():
    """Three predictions, two levels; weights are those of one direction."""
    predictions, targets = levels_of(3), levels_of(2, 1)
    wiring = [(0, 1, 0.5), (2, 0, 2.0), (2, 1, 0.25), [1, 0, 1]]
    found = cross_level_loss(predictions, targets, wiring=wiring)
    expected = sum(
        w * hccl.distance(predictions[v][i], targets[1 - v][j])
        for i, j, w in wiring
        for v in range(2)
    )
    torch.testing.assert_close(found, expected)


def test_weights_of_ones_own():
    predictions, targets = levels_of(2), levels_of(2, 1)
    found = cross_level_loss(predictions, targets, [0.25, 0.5])
    assert found == cross_level_loss(predictions, targets)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    predictions, targets = levels_of(2), levels_of(2, 1)
    half = [
        tuple([z.to(dtype) for z in view] for view in pair)
        for pair in (predictions, targets)
    ]
    full = [tuple([z.float() for z in view] for view in pair) for pair in half]
    with torch.autocast('cpu', dtype=dtype):
        found = cross_level_loss(*half)
    assert found.dtype == torch.float32
    assert torch.equal(found, cross_level_loss(*full))


def test_default_is_the_pseudo_code():
    assert cyclic_wiring(2) == [(0, 1, 0.25), (1, 0, 0.5)]


BAD_WIRING = [
    ([], 'wiring has no term'),
    ([(0, 1)], r'a term of wiring is .* got \(0, 1\)'),
    ([(2, 0, 1.0)], r'names prediction 2, but there are 2.* use 0 to 1'),
    ([(0, 2, 1.0)], r'names target level 2, but there are 2'),
    ([(0, -1, 1.0)], r'names target level -1'),
    ([(0, 1, -0.5)], 'must be positive'),
    ([(0, 1, 0.0)], 'must be positive: leave out'),
    ([(0, 1, math.nan)], 'must be positive'),
    ([(0, 1, 0.5), (0, 1, 0.5)], r'pair \(0, 1\) more than once'),
]


@pytest.mark.parametrize(('wiring', 'text'), BAD_WIRING)
def test_wrong_wiring(wiring, text):
    with pytest.raises(ValueError, match=text):
        cross_level_loss(levels_of(2), levels_of(2), wiring=wiring)


@pytest.mark.parametrize(
    ('weighting', 'text'),
    [
        ('paper', "one of eq, pseudocode, .* or 2 numbers, got 'paper'"),
        ([1.0], 'weighting has 1 weights, but there are 2 levels'),
        ([1.0, 1.0, 1.0], 'weighting has 3 weights'),
        ([1.0, -1.0], 'must be positive'),
    ],
)
def test_wrong_weighting(weighting, text):
    with pytest.raises(ValueError, match=text):
        cross_level_loss(levels_of(2), levels_of(2), weighting)


def test_wrong_numbers_of_levels():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        cross_level_loss(([], []), ([], []))
    (one, _), (two, _) = levels_of(1), levels_of(2)
    with pytest.raises(ValueError, match=r'targets .* got 2 views .* \[1, 2'):
        cross_level_loss((two, two), (one, two))
    with pytest.raises(ValueError, match='predictions must be a pair'):
        cross_level_loss((two,), (two, two))
    with pytest.raises(ValueError, match='2 predictions and 1 levels: name'):
        cross_level_loss((two, two), (one, one))
