"""The pieces of the GPU benchmark that a CPU can run."""

import itertools
from argparse import Namespace

import pytest
import torch

from benchmarks.clustering.gpu_cells import unit_rows
from benchmarks.clustering.gpu_peers import PREPARE, tasks
from benchmarks.clustering.released_gpu import ReleasedSchedule
from hirl_mm.clustering import hierarchical_kmeans


@pytest.mark.parametrize('copies', [1, 8])
def test_released_gpu_schedule_ends_where_ours_does(copies):
    """With copies of rows some of the initial centroids have no members."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(400 // copies, 12, generator=generator)
    features = features.repeat(copies, 1)
    schedule = ReleasedSchedule('cpu', num_iters=7, num_restarts=3)
    _, objectives = schedule(features, (30, 8, 2), seed=5)
    tree = hierarchical_kmeans(
        features, (30, 8, 2), num_iters=7, num_restarts=3, seed=5
    )
    assert objectives == pytest.approx(
        [float(o) for o in tree.objective], rel=1e-5
    )


def test_time_is_extrapolated_to_all_iterations():
    ticks = itertools.count()
    options = dict(device='cpu', clock=lambda: next(ticks))
    features = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    # At two levels each, one second for the runs and one to assign.
    seconds, _ = ReleasedSchedule(**options)(features, (6, 2), seed=0)
    assert seconds == 2 * (1 + 1)
    emulated = ReleasedSchedule(**options, emulated_iters=2)
    seconds, objectives = emulated(features, (6, 2), seed=0)
    assert seconds == 2 * (20 * 5 / 2 + 1)
    assert objectives is None


def test_a_peer_that_fails_is_reported(monkeypatch):
    """One that is installed, and does not bear the sizes."""

    def broken(*_):
        raise RuntimeError('out of resource: shared memory')

    monkeypatch.setitem(PREPARE, 'flash_kmeans', broken)
    found, missing = tasks(torch.randn(9, 4), torch.randn(3, 4), 'fp32')
    assert set(found) == {'gemm', 'torch'}
    assert missing['flash_kmeans'] == (
        'failed: RuntimeError: out of resource: shared memory'
    )
    assert found['torch']().shape == (9,)
    assert found['gemm']() is None


def test_rows_have_length_one():
    args = Namespace(device='cpu', seed=3)
    rows = unit_rows(50, 7, args)
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(50))
    assert torch.equal(rows, unit_rows(50, 7, args))
