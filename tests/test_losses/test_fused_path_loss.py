"""The SPD loss by fused kernels: what chooses them, and the runs of them."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from hirl_mm.losses.semantic_path.form import (
    COSTS,
    DeviceCosts,
    can_run_kernels,
    costs_of,
    kernels_are_faster,
    takes_kernels,
)
from hirl_mm.losses.semantic_path.fused_tiling import (
    fits_kernels,
    fused_tiling,
)
from hirl_mm.models import SPDHead
from hirl_mm.stack.triton_support import has_triton
from tests.interpreted import passed_when_interpreted
from tests.runs import ROOT
from tests.trees import random_tree

on_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason='there is no GPU'
)


@pytest.mark.slow
def test_interpreted():
    path = Path(__file__).with_name('interpreted_path_loss.py')
    assert passed_when_interpreted(path) >= 20


@pytest.mark.slow
def test_losses_import_without_triton():
    script = (
        'import sys\n'
        "sys.modules['triton'] = None\n"
        'import hirl_mm.losses.semantic_path.fused\n'
    )
    subprocess.run([sys.executable, '-c', script], cwd=ROOT, check=True)


def test_a_cpu_has_no_kernels():
    tree = random_tree((9, 3), dim=4)
    assert not has_triton(torch.device('cpu'))
    assert not can_run_kernels(tree)
    assert not takes_kernels(tree, torch.zeros(2, 3, dtype=torch.long))
    assert costs_of(torch.device('cpu')) == COSTS['cpu']


def test_an_older_triton_is_not_enough(monkeypatch):
    pytest.importorskip('triton')
    monkeypatch.setenv('TRITON_INTERPRET', '1')
    cpu = torch.device('cpu')
    assert has_triton(cpu) and has_triton(cpu, '3.3')
    assert not has_triton(cpu, '99.0')


# Rows that are read against 1 of launches and products: at either side.
@pytest.mark.parametrize(
    ('sizes', 'costs', 'faster'),
    [
        ((4, 10, 5, [7, 3]), (80, 401, 1, 0), True),
        ((4, 10, 5, [7, 3]), (80, 400, 1, 0), False),
        ((4, 10, 5, [7, 3]), (80, 0, 1, 0.7), True),
        ((4, 10, 5, [7, 3]), (80, 0, 1, 0.6), False),
        ((4, 10, 5, [7, 3]), (26, 0, float('inf'), 0), False),
    ],
)
def test_choice_of_the_kernels(sizes, costs, faster):
    assert kernels_are_faster(*sizes, DeviceCosts(*costs)) is faster


@pytest.mark.parametrize(
    ('dim', 'num_levels', 'fits'),
    [
        (128, 8, True),
        (128, 9, False),
        (2048, 6, True),
        (2048, 7, False),
        (4096, 3, True),
        (4096, 4, False),
    ],
)
def test_sizes_that_fit(dim, num_levels, fits):
    tree = random_tree((2,) * num_levels, dim=dim)
    assert fits_kernels(tree) is fits


def test_double_precision_does_not_fit():
    tree = random_tree((4,), dim=8)
    object.__setattr__(tree, 'centroids', (tree.centroids[0].double(),))
    assert not fits_kernels(tree)


@pytest.mark.parametrize(
    ('sizes', 'expected'),
    [
        # A share is a whole number of blocks, and all shares are all paths.
        ((32, 1000, 3, 128, 132), dict(block_m=4, splits=250, share=4)),
        ((256, 1000, 3, 128, 132), dict(splits=32, share=32)),
        ((32, 1000, 3, 2048, 132), dict(block_m=2, num_warps=8, splits=32)),
        ((4, 3, 1, 20, 132), dict(block_d=32, block_m=16, splits=1)),
        ((4, 0, 1, 20, 132), dict(splits=1)),
    ],
)
def test_tiles(sizes, expected):
    tiles = fused_tiling(*sizes)
    assert expected.items() <= vars(tiles).items()
    assert (tiles.splits - 1) * tiles.share < max(1, sizes[1])
    assert tiles.splits * tiles.share >= sizes[1]


def test_memory_does_not_grow_with_samples_and_paths():
    """Partial gradients: rows of D for every program."""
    for num_samples in (4, 64, 1024):
        tiles = fused_tiling(num_samples, 10_000, 3, 256, 132)
        assert num_samples * tiles.splits <= 132 * 32 + num_samples


@pytest.mark.parametrize('part', ['leaf', 'negatives', 'embeddings'])
def test_shapes_that_do_not_fit(part):
    tree = random_tree((6, 2), dim=4)
    z, leaf = torch.randn(2, 3, 4), torch.zeros(3, dtype=torch.long)
    negatives = torch.ones(3, 5, dtype=torch.long)
    with pytest.raises(ValueError, match=rf'{part}? .*must have shape \(B'):
        semantic_path_loss(
            z[..., 1:] if part == 'embeddings' else z,
            tree,
            leaf[1:] if part == 'leaf' else leaf,
            negatives[1:] if part == 'negatives' else negatives,
        )


@on_gpu
@pytest.mark.parametrize('reduction', ['paper', 'official'])
@pytest.mark.parametrize('dim', [128, 200, 2048])
def test_on_a_gpu_as_by_operators(dim, reduction):
    tree = random_tree((3000, 1000, 100), dim=dim).to('cuda')
    z = torch.randn(3, 16, dim, device='cuda', requires_grad=True)
    leaf = tree.leaf[:16]
    negatives = sample_negative_leaves(leaf, 3000, 500)
    assert takes_kernels(tree, negatives)
    found = [
        (loss, *torch.autograd.grad(loss, z))
        for loss in (
            semantic_path_loss(z, tree, leaf, negatives, reduction, form)
            for form in (None, None, [True] * 3)
        )
    ]
    for mine, again, other in zip(*found, strict=True):
        assert torch.equal(mine, again)
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-7)


@on_gpu
def test_nan_is_not_hidden_on_a_gpu():
    """Maxima of a GPU ignore it, unlike those of the interpreter."""
    tree = random_tree((30, 10), dim=16).to('cuda')
    z = torch.randn(2, 4, 16, device='cuda', requires_grad=True)
    with torch.no_grad():
        z[0, 1, 2] = float('nan')
    leaf = tree.leaf[:4]
    loss = semantic_path_loss(
        z, tree, leaf, sample_negative_leaves(leaf, 30, 5)
    )
    (gradient,) = torch.autograd.grad(loss, z)
    assert torch.isnan(loss)
    assert torch.isnan(gradient[:, 1]).any(1).all()
    assert torch.isfinite(gradient[:, [0, 2, 3]]).all()


def gpu_step(num_negatives=300, change=lambda forward: forward):
    tree = random_tree((3000, 1000, 100), dim=128).to('cuda')
    head = SPDHead(in_channels=128, num_negatives=num_negatives).cuda()
    z0 = torch.randn(32, 128, device='cuda', requires_grad=True)
    leaf = tree.leaf[:32]
    forward = change(lambda: head.loss(z0, leaf, tree)['loss_spd'])

    def step():
        loss = forward()
        return loss.detach(), torch.autograd.grad(loss, z0)[0]

    return step


@on_gpu
@pytest.mark.parametrize('num_negatives', [300, None])
def test_host_does_not_wait_for_the_gpu(num_negatives):
    step = gpu_step(num_negatives)
    step()
    torch.cuda.set_sync_debug_mode('error')
    try:
        step()
    finally:
        torch.cuda.set_sync_debug_mode('default')


@on_gpu
def test_captured_in_a_graph():
    """Every replay draws other negatives."""
    step = gpu_step()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            eager = step()[0]
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss, gradient = step()
    losses = set()
    for _ in range(4):
        graph.replay()
        torch.testing.assert_close(loss, eager, rtol=1e-2, atol=0)
        assert torch.isfinite(gradient).all()
        losses.add(loss.item())
    assert len(losses) == 4


@on_gpu
@pytest.mark.slow
def test_compiled_on_a_gpu():
    # PyTorch 2.11 does not compile a call of autograd.grad.
    compiled = gpu_step(change=partial(torch.compile, fullgraph=True))
    loss, gradient = compiled()
    torch.testing.assert_close(loss, gpu_step()()[0], rtol=1e-2, atol=0)
    assert torch.isfinite(gradient).all() and gradient.abs().max() > 0
