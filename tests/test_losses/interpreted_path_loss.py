"""Run by test_fused_path_loss.py in a process that interprets kernels."""

import pytest
import torch
from torch.utils._python_dispatch import _disable_current_modes
from triton.runtime import interpreter

from hirl_mm.losses import semantic_path_loss
from hirl_mm.losses.semantic_path import fused
from hirl_mm.models import SPDHead
from hirl_mm.structures import PrototypeTree
from tests.dispatched import Launches
from tests.oracles.semantic_path import batch_loss
from tests.trees import random_tree


@pytest.fixture
def launched(monkeypatch):
    """Names of the kernels that were started."""
    names = []
    call = interpreter.GridExecutor.__call__

    def noted(self, *args, **kwargs):
        names.append(self.fn.__name__)
        with _disable_current_modes():
            return call(self, *args, **kwargs)

    monkeypatch.setattr(interpreter.GridExecutor, '__call__', noted)
    return names


def drawn(nums, dim, num_samples, num_negatives):
    """Tree, embeddings, leaves and negatives with the own leaf among them."""
    generator = torch.Generator().manual_seed(len(nums))
    tree = random_tree(nums, dim=dim, seed=3)
    z = torch.randn(len(nums), num_samples, dim, generator=generator)
    leaf = torch.randint(nums[0], (num_samples,), generator=generator)
    negatives = torch.randint(
        nums[0], (num_samples, num_negatives), generator=generator
    )
    negatives[:, 0] = (leaf + 1) % nums[0]
    negatives[0, -1] = leaf[0]
    return 3 * z, tree, leaf, negatives


def with_gradient(z, *args):
    z = z.clone().requires_grad_()
    loss = semantic_path_loss(z, *args)
    return loss.detach(), torch.autograd.grad(loss, z)[0]


# One level and many; columns, paths and shares that do not fill a block;
# shares of several blocks, and more shares than are added at a time.
@pytest.mark.parametrize('reduction', ['paper', 'official'])
@pytest.mark.parametrize(
    ('nums', 'dim', 'num_samples', 'num_negatives'),
    [
        ((2,), 6, 2, 3),
        ((20, 8, 3), 33, 2, 20),
        ((9, 8, 7, 6, 5, 4, 3, 2), 3, 1, 5),
        ((9, 4), 1000, 5, 37),
        ((9,), 4000, 1, 30),
    ],
    ids=str,
)
def test_against_the_naive_formula(
    nums, dim, num_samples, num_negatives, reduction, launched
):
    z, tree, leaf, negatives = drawn(nums, dim, num_samples, num_negatives)
    double = z.double().requires_grad_()
    expected = batch_loss(
        double,
        [c.double() for c in tree.centroids],
        tree.parents,
        leaf,
        negatives,
        reduction,
    )
    (wanted,) = torch.autograd.grad(expected, double)
    found, gradient = with_gradient(z, tree, leaf, negatives, reduction)
    assert launched == ['repulsion_kernel', 'loss_kernel']
    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradient.double(), wanted, rtol=1e-5, atol=2e-7)
    again = with_gradient(z, tree, leaf, negatives, reduction)
    assert torch.equal(again[0], found) and torch.equal(again[1], gradient)


@pytest.mark.parametrize('reduction', ['paper', 'official'])
def test_extremes_are_those_of_the_operators(reduction, launched):
    """Own paths and negatives at -1, 0 and 1, zero embeddings, no negative."""
    axes = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    parents = torch.tensor([0, 1, 0, 1])
    tree = PrototypeTree([axes, axes[:2]], [parents], parents)
    near = [1.0, 0.05]
    z = torch.tensor(
        [[[2.0, 0.0], [-4.0, 0.0], [0.0, 0.0], near, [0.0, 1.0]]] * 2
    )
    leaf = torch.tensor([0, 0, 1, 1, 3])
    negatives = torch.tensor([[1, 2], [1, 0], [0, 3], [0, 0], [3, 3]])
    args = tree, leaf, negatives, reduction
    found = with_gradient(z, *args)
    assert len(launched) == 2
    expected = with_gradient(z, *args, [True, True])
    assert len(launched) == 2
    for mine, other in zip(found, expected, strict=True):
        assert torch.isfinite(mine).all()
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize('reduction', ['paper', 'official'])
def test_embeddings_below_the_least_norm_are_scaled_alone(reduction):
    """Below 1e-12, ``normalize`` divides by a constant."""
    z, tree, leaf, negatives = drawn((9, 4), 16, 3, 5)
    short = 1e-14 * z
    args = tree, leaf, negatives, reduction
    found = with_gradient(short, *args)
    expected = with_gradient(short, *args, [True, True])
    assert expected[1].abs().max() > 1e8
    for mine, other in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('reduction', ['paper', 'official'])
@pytest.mark.parametrize('angle', [1e-3, 3e-3])
def test_floor_of_the_logarithm(angle, reduction):
    """1 - s is 2.5e-7, where Eq. 3 no longer pushes, and 2.2e-6."""
    angle = torch.tensor(angle)
    near = torch.stack((angle.cos(), angle.sin()))
    centroids = torch.stack((torch.tensor([0.0, 1.0]), near))
    tree = PrototypeTree([centroids], [], torch.tensor([0]))
    z = torch.tensor([[[1.0, 0.0]]])
    args = tree, torch.tensor([0]), torch.tensor([[1]]), reduction
    found, expected = with_gradient(z, *args), with_gradient(z, *args, [True])
    for mine, other in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_what_is_not_finite_is_not_hidden(value):
    z, *args = drawn((9, 4), 5, 2, 3)
    z[1, 0, 2] = value
    loss, gradient = with_gradient(z, *args)
    assert torch.isnan(loss)
    assert torch.isnan(gradient[:, 0]).any()
    assert torch.isfinite(gradient[:, 1]).all()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_under_autocast(dtype, launched):
    z, *args = drawn((9, 4), 5, 3, 4)
    half = [part.to(dtype).requires_grad_() for part in z]
    with torch.autocast('cpu', torch.bfloat16):
        loss = semantic_path_loss(half, *args)
    assert launched and loss.dtype == torch.float32
    same, gradient = with_gradient(torch.stack(half).float(), *args)
    assert torch.equal(loss, same)
    # As the scaler of AMP: where float16 alone would underflow.
    (2.0**15 * loss).backward()
    for part, full in zip(half, gradient, strict=True):
        assert torch.equal(part.grad, (2.0**15 * full).to(dtype))


def test_strides_do_not_matter():
    z, tree, leaf, negatives = drawn((9, 4), 6, 3, 4)
    expected = with_gradient(z, tree, leaf, negatives)
    transposed = z.mT.contiguous().mT
    wide = negatives.repeat_interleave(2, 1)[:, ::2]
    found = with_gradient(transposed, tree, leaf.repeat(2)[:3], wide)
    for mine, other in zip(found, expected, strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize(('num_layers', 'projections'), [(2, 20), (5, 44)])
def test_launches_of_head_and_loss(launched, num_layers, projections):
    """Forward and backward, with 3 to draw and 5 of the loss."""
    head = SPDHead(in_channels=8, num_negatives=3, num_layers=num_layers)
    tree = random_tree((9, 4, 2), dim=8)
    z0 = torch.randn(4, 8, requires_grad=True)
    leaf = tree.leaf[:4]
    head.loss(z0, leaf, tree)
    launched.clear()
    with Launches() as launches:
        loss = head.loss(z0, leaf, tree)['loss_spd']
        torch.autograd.grad(loss, [z0, *head.parameters()])
    assert launched == ['repulsion_kernel', 'loss_kernel']
    num = len(launches.seen) + len(launched)
    assert num == 3 + projections + 5, launches.seen


@pytest.mark.parametrize('form', [None, [True] * 3], ids=['kernels', 'others'])
def test_compiled_as_one_graph(form, launched):
    z, tree, leaf, negatives = drawn((20, 8, 3), 16, 4, 6)
    args = tree, leaf, negatives, 'paper', form
    expected = with_gradient(z, *args)
    compiled = torch.compile(
        semantic_path_loss, backend='aot_eager', fullgraph=True
    )
    z = z.requires_grad_()
    loss = compiled(z, *args)
    (gradient,) = torch.autograd.grad(loss, z)
    assert len(launched) == (0 if form else 4)
    torch.testing.assert_close(loss.detach(), expected[0])
    torch.testing.assert_close(gradient, expected[1])


def test_the_operator_keeps_its_promises():
    z, tree, leaf, negatives = drawn((9, 4), 5, 2, 3)
    torch.library.opcheck(
        fused.losses_and_gradient,
        (z, list(tree.centroids), tree.leaf_paths, leaf, negatives, True),
        test_utils=('test_schema', 'test_faketensor'),
    )
