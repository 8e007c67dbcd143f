import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from hirl_mm.clustering.assignment import assign_torch
from hirl_mm.clustering.cluster_sums import cluster_sums
from hirl_mm.clustering.triton_assignment import assign_triton, has_triton
from hirl_mm.clustering.triton_tiling import tiling
from hirl_mm.stack import StackError
from tests.interpreted import passed_when_interpreted
from tests.runs import ROOT

HOPPER = dict(capability=90, shared_bytes=227 * 2**10)
on_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason='there is no GPU'
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('file', 'fewest'),
    [('interpreted_kernels.py', 50), ('interpreted_exact.py', 40)],
)
def test_interpreted(file, fewest):
    path = Path(__file__).with_name(file)
    assert passed_when_interpreted(path) > fewest


@pytest.mark.slow
def test_clustering_imports_without_triton():
    script = (
        'import sys\n'
        "sys.modules['triton'] = None\n"
        'import hirl_mm.clustering.cluster_sums\n'
        'import hirl_mm.clustering.triton_assignment\n'
    )
    subprocess.run([sys.executable, '-c', script], cwd=ROOT, check=True)


def test_unknown_precision_is_named():
    with pytest.raises(ValueError, match="'tf32' or 'bf16', got 'fp16'"):
        assign_triton(torch.zeros(2, 3), torch.zeros(1, 3), 'fp16')


def test_no_centroids_are_an_error():
    with pytest.raises(ValueError, match='at least one row'):
        assign_triton(torch.zeros(2, 3), torch.zeros(0, 3))


def test_a_cpu_is_told_what_serves_it():
    assert not has_triton(torch.device('cpu'))
    with pytest.raises(StackError, match="on cpu; use backend='torch'"):
        assign_triton(torch.zeros(2, 3), torch.zeros(1, 3))


@pytest.mark.parametrize(
    ('dim', 'precision', 'expected'),
    [
        # Rows stay: depth is block_d.
        (3, 'tf32', dict(depth=16, block_d=16, block_n=128, splits=1)),
        (128, 'bf16', dict(depth=128, block_d=128, num_stages=2)),
        (128, 'tf32', dict(depth=128, block_d=128, block_n=64)),
        (256, 'bf16', dict(depth=256, block_d=256, block_n=64)),
        # Both are streamed.
        (130, 'bf16', dict(depth=192, block_d=64, block_n=256, splits=1)),
        (256, 'tf32', dict(depth=256, block_d=32, block_n=256, splits=1)),
        (2048, 'bf16', dict(depth=2048, block_d=64, splits=4)),
        (2048, 'tf32', dict(depth=2048, block_d=32, splits=8)),
        (8192, 'tf32', dict(depth=8192, block_d=32, splits=8)),
        (17, 'fp32', dict(depth=32, block_d=16, block_n=128, splits=1)),
    ],
)
def test_tiles(dim, precision, expected):
    assert asdict(tiling(dim, precision, **HOPPER)).items() >= expected.items()


@pytest.mark.parametrize('shared_kib', [99, 163, 227])
@pytest.mark.parametrize('precision', ['fp32', 'tf32', 'bf16'])
def test_tiles_fit_into_shared_memory(precision, shared_kib):
    size = 2 if precision == 'bf16' else 4
    for dim in (1, 16, 60, 64, 65, 128, 129, 256, 300, 2048):
        tiles = tiling(dim, precision, 90, shared_kib * 2**10)
        stage = tiles.block_n * tiles.block_d * size
        rows = tiles.block_m * tiles.block_d * size
        resident = tiles.depth == tiles.block_d
        used = tiles.num_stages * stage
        used += rows if resident else tiles.num_stages * rows
        assert used < shared_kib * 2**10
        assert tiles.num_stages >= 2
        assert tiles.depth >= dim and tiles.depth % tiles.block_d == 0


@on_gpu
@pytest.mark.parametrize('precision', ['fp32', 'tf32', 'bf16'])
@pytest.mark.parametrize('dim', [17, 64, 128, 130, 256, 2048])
def test_on_a_gpu(dim, precision):
    generator = torch.Generator('cuda').manual_seed(dim)
    features = torch.randn(5000, dim, device='cuda', generator=generator)
    centroids = features[:700] + 0.1
    labels, distance = assign_triton(features, centroids, precision)
    exact = torch.cdist(features.double(), centroids.double()).square()
    chosen = exact.gather(1, labels[:, None])[:, 0]
    torch.testing.assert_close(distance.double(), chosen, rtol=1e-4, atol=1e-6)
    # A share of the product's largest possible value.
    error = dict(fp32=1e-5, tf32=2e-3, bf16=1e-2)[precision]
    scale = features.norm(dim=1).double() * centroids.norm(dim=1).max()
    assert bool((chosen <= exact.amin(1) + 4 * error * scale).all())
    if precision == 'fp32':
        theirs, _ = assign_torch(features, centroids)
        assert (labels == theirs).double().mean() > 0.999


@on_gpu
@pytest.mark.parametrize('precision', ['fp32', 'tf32', 'bf16'])
def test_lloyd_on_a_gpu_is_bitwise_repeatable(precision):
    generator = torch.Generator('cuda').manual_seed(0)
    features = torch.randn(20000, 96, device='cuda', generator=generator)
    ends = []
    for _ in range(3):
        centroids, objectives = features[:200], []
        for _ in range(5):
            labels, distance = assign_triton(features, centroids, precision)
            sums, counts = cluster_sums(features, labels, 200)
            centroids = sums / counts.clamp(min=1)[:, None]
            objectives.append(float(distance.double().sum()))
        assert objectives == sorted(objectives, reverse=True)
        ends.append((centroids, labels, distance))
    for end in ends[1:]:
        for a, b in zip(end, ends[0], strict=True):
            assert torch.equal(a, b)
