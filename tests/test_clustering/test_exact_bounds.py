"""The bounds against float64, with accumulators that cut as hardware may."""

import pytest
import torch

from hirl_mm.clustering.exact_bounds import (
    GroupFacts,
    RowFacts,
    common_scale,
    constants,
    squared_bounds,
)
from hirl_mm.clustering.torch_exact import to_tf32
from tests.test_clustering.hard_rows import HARD, normal, plain

NUM, CLUSTERS, DIM, GROUP = 60, 48, 24, 8


def own_scaled_fp16(rows):
    _, exponent = torch.frexp(rows.abs().amax(1, keepdim=True))
    exponent = (14 - exponent).clamp(-120, 120)
    return (rows.ldexp(exponent)).half().float().ldexp(-exponent)


ROUNDINGS = dict(
    fp16=own_scaled_fp16,
    bf16=lambda rows: rows.bfloat16().float(),
    tf32=to_tf32,
    to_zero=torch.zeros_like,
)


def cut(values, unit):
    """Cut float64 towards zero to multiples of ``unit``."""
    return torch.where(unit > 0, (values / unit).trunc() * unit, values)


def tensor_core(x, c):
    """x.c of all pairs, as step 2 describes the worst tensor cores."""
    total = x.new_zeros(len(x), len(c), dtype=torch.double)
    for first in range(0, x.size(1), 4):
        block = slice(first, first + 4)
        terms = x[:, None, block].double() * c[:, block].double()
        terms = torch.cat([total[..., None], terms], dim=2)
        _, exponent = torch.frexp(terms.abs().amax(2))
        unit = torch.ldexp(torch.ones_like(total), exponent - 24)
        total = cut(terms, unit[..., None]).sum(2)
        _, exponent = torch.frexp(total.abs())
        total = cut(total, torch.ldexp(torch.ones_like(total), exponent - 24))
    return total.float()


def in_order(x, c):
    """x.c of all pairs in float32, one coordinate after the other."""
    total = x.new_zeros(len(x), len(c))
    for d in range(x.size(1)):
        total += x[:, d, None] * c[:, d]
    return total


def bounded(features, centroids, rounding, product, size=GROUP):
    """Return bounds (n, G), and the D32 of all pairs, in units of the scale.

    The latter are float64 of scores of float32, which are computed from
    operands without a scale and in the order that rounds most.
    """
    mean = centroids.mean(0)
    x, c = features - mean, centroids - mean
    bias = -0.5 * c.square().sum(1)
    scale = common_scale(c)
    float32 = (in_order(x, c) + bias).double() * scale.double() ** 2
    x, c = x * scale, c * scale
    theirs = x.double().square().sum(1, keepdim=True) - 2 * float32
    low_x, low_c = ROUNDINGS[rounding](x), ROUNDINGS[rounding](c)
    each = RowFacts.of(c, low_c)
    score = product(low_x, low_c) - 0.5 * each.square
    dim = x.size(1)
    groups = GroupFacts.of(each, scale, size, dim)
    best = score.view(len(x), -1, size).amax(2)
    rows = RowFacts(*(fact[:, None] for fact in RowFacts.of(x, low_x)))
    lower, upper = squared_bounds(best, rows, groups, dim)
    return lower.double(), upper.double(), theirs, score


@pytest.mark.parametrize(
    'product', [tensor_core, torch.matmul], ids=['tensor cores', 'float32']
)
@pytest.mark.parametrize('rounding', ROUNDINGS)
@pytest.mark.parametrize('data', HARD, ids=lambda data: data.__name__)
def test_enclose_what_float32_finds(data, rounding, product):
    low = product
    if product is torch.matmul:
        low = lambda x, c: x @ c.T  # noqa: E731
    features, centroids = data(NUM, CLUSTERS, DIM)
    lower, upper, theirs, score = bounded(features, centroids, rounding, low)
    grouped = theirs.view(NUM, -1, GROUP)
    nearest = grouped.amin(2)
    assert not (lower > nearest).any()
    attained = score.view(NUM, -1, GROUP).argmax(2, keepdim=True)
    assert not (upper < grouped.gather(2, attained)[..., 0]).any()
    # What follows: the groups that float32 would choose are left over.
    winner = nearest == nearest.amin(1, keepdim=True)
    excluded = lower > upper.amin(1, keepdim=True)
    assert not (winner & excluded).any()


@pytest.mark.parametrize(
    ('rounding', 'most'), [('fp16', 1.02), ('tf32', 1.02), ('bf16', 1.15)]
)
def test_leave_little_over(rounding, most):
    """Of unit rows around 40 directions, about one group per row is left."""
    centroids = torch.nn.functional.normalize(normal(40, 64, 0), dim=1)
    features = centroids.repeat(10, 1) + 0.04 * normal(400, 64, 1)
    lower, upper, _, _ = bounded(
        features, centroids, rounding, lambda x, c: x @ c.T, size=1
    )
    left = ~(lower > upper.amin(1, keepdim=True))
    assert 1 <= left.sum(1).double().mean() <= most


def test_are_as_wide_as_the_rounding():
    """4 |x - c| (|p| + |r|) for the rounding, and little for the rest."""
    features, centroids = plain(NUM, CLUSTERS, 64)
    lower, upper, theirs, _ = bounded(
        features, centroids, 'fp16', lambda x, c: x @ c.T, size=1
    )
    lengths = features.norm(dim=1)[:, None] + centroids.norm(dim=1)
    scale = float(common_scale(centroids - centroids.mean(0)))
    rounding = 2**-11 / 3**0.5 * lengths.double() * scale
    assert ((upper - lower) / (4 * theirs.sqrt() * rounding) < 1.5).all()


@pytest.mark.parametrize('square', [0.0, 2**-8, 5.0])
def test_are_the_formula(square):
    """(c) in float64, for a group whose largest values differ in place."""
    dim, scale = 300, 2.0**52
    each = RowFacts(
        square=torch.zeros(2),
        length=torch.tensor([3.0, 2.0]),
        rounding=torch.tensor([1e-3, 2e-3]),
    )
    groups = GroupFacts.of(each, torch.tensor(scale), size=2, dim=dim)
    rows = RowFacts(*(torch.tensor([[v]]) for v in (4.0, 2.5, 5e-4)))
    score = torch.tensor([[(4 - square) / 2]])
    bounds = squared_bounds(score, rows, groups, dim)
    flushed = (dim + 4) * 2.0**-124 * scale**2
    own = 1.01 * (dim + 16) * 2**-24 * (2.5**2 + 2 * 3.0**2) + flushed
    error = 1.01 * 2 * (1.5 * dim + 8) * 2**-23 * 2.5 * 3.0 + own
    apart = 5e-4 + 2e-3
    lower = max(0, max(0, square - error) ** 0.5 - apart) ** 2 - own
    upper = ((square + error) ** 0.5 + apart) ** 2 + own
    assert flushed > own / 5
    found = [float(bound) for bound in bounds]
    assert found == pytest.approx([lower, upper], rel=1e-3)
    assert found[0] < lower and found[1] > upper


def lost(product, dim, addend):
    """Relative error of 1 + (dim - 1) addends, which float32 cannot hold."""
    row = torch.full((1, dim), addend**0.5)
    row[0, 0] = 1
    exact = row.double() @ row.double().T
    return float((product(row, row).double() / exact - 1).abs())


def test_constants_are_just_large_enough():
    """Every addend is cut as a whole; or rounded up by almost its half."""
    dim = 512
    cut_off = lost(tensor_core, dim, 0.99 * 2**-23)
    assert 0.6 < cut_off / (constants(dim).products / 2) <= 1
    rounded_up = lost(in_order, dim, 1.01 * 2**-24)
    assert 0.9 < rounded_up / constants(dim).sums <= 1


@pytest.mark.parametrize('largest', [1e-30, 0.3, 1.0, 7e5, 1e30])
def test_the_scale_brings_centroids_into_the_range_of_fp16(largest):
    centroids = normal(20, 6, 0)
    centroids *= largest / centroids.abs().max()
    scale = common_scale(centroids)
    assert scale.log2() == scale.log2().round()
    assert 2**13 <= float((centroids * scale).abs().max()) < 2**14


@pytest.mark.parametrize('value', [0.0, 1e-45, 3e38])
def test_the_scale_is_a_number_at_the_ends_of_float32(value):
    scale = common_scale(torch.full((3, 2), value))
    assert 0 < float(scale) < float('inf')


def test_too_many_coordinates_are_an_error():
    with pytest.raises(ValueError, match='at most 65536 coordinates, got 7'):
        constants(70_000)
