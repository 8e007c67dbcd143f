"""Unit rows in fixed point and the error of their fast products."""

from fractions import Fraction

import pytest
import torch

from hirl_mm.features.candidates import operand, product_error
from hirl_mm.features.fixed_point import inverse_norms, unit_rows
from hirl_mm.features.row_blocks import RowBlocks
from hirl_mm.features.shard import Shard


def block_of(features):
    (block,) = RowBlocks(Shard(features, None), 4096)
    return block


def test_products_are_exact_in_any_order():
    features = torch.randn(40, 501)
    unit = unit_rows(features, inverse_norms(features))
    products = unit @ unit.T
    order = torch.randperm(501)
    assert torch.equal(products, unit[:, order] @ unit[:, order].T)
    assert torch.equal(products, (unit[:, None] * unit).sum(2))
    first, second = (
        [Fraction(value) for value in row] for row in unit[:2].tolist()
    )
    exact = sum(a * b for a, b in zip(first, second, strict=True))
    assert Fraction(products[0, 1].item()) == exact
    torch.testing.assert_close(
        unit, torch.nn.functional.normalize(features.double(), dim=1)
    )


@pytest.mark.parametrize('dim', [1, 2, 3, 37, 512])
def test_norms_do_not_depend_on_the_rows_beside(dim):
    features = torch.randn(600, dim)
    inverse = inverse_norms(features)
    for i in (0, 255, 256, 599):
        assert inverse_norms(features[i : i + 1]) == inverse[i]
    torch.testing.assert_close(inverse, 1 / features.double().norm(dim=1))
    assert inverse_norms(torch.zeros(2, dim)).tolist() == [0, 0]


@pytest.mark.parametrize('dim', [2, 64, 512])
@pytest.mark.parametrize('precision', ['fp32', 'tf32'])
def test_products_keep_the_bound(precision, dim):
    block = block_of(torch.cat([torch.randn(300, dim), torch.rand(700, dim)]))
    rows, unit = operand(block, precision), block.unit()
    error = ((rows @ rows.T).double() - unit @ unit.T).abs().max()
    assert error <= product_error(dim, precision)


def test_rounding_to_tf32_comes_near_the_bound():
    """Two coordinates, 2^-11 of themselves below and above tf32's numbers."""
    ratio = torch.linspace(0, 1, 20_000)
    features = torch.stack([torch.ones_like(ratio), ratio], 1)
    unit = unit_rows(features, inverse_norms(features))
    (block,) = RowBlocks(Shard(features, None), len(features))
    error = operand(block, 'tf32').double().square().sum(1)
    error = (error - unit.square().sum(1)).abs().max()
    assert product_error(2, 'tf32') / 2 < error <= product_error(2, 'tf32')
