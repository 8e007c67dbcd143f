"""kmeans_gpu.py as a real process, at tiny sizes on the CPU."""

import itertools
import json
import os
import subprocess
import sys
from argparse import Namespace
from types import SimpleNamespace

import assignment_peers
import pytest
import released_gpu_schedule
import torch
from assignment_cells import unit_rows
from assignment_peers import tasks
from kmeans_gpu import NOT_RUN
from released_gpu_schedule import ReleasedSchedule

from hirl_mm.clustering import hierarchical_kmeans
from tests.processes import HANGS_AFTER
from tests.runs import ROOT


def kmeans_gpu(out, *args):
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'benchmarks/kmeans_gpu.py'),
            *('--out', out, *map(str, args)),
        ],
        cwd=ROOT,
        env=os.environ | dict(CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(out.read_text())


def test_without_a_gpu_it_says_so(tmp_path):
    printed, report = kmeans_gpu(tmp_path / 'result.json')
    assert printed.startswith(NOT_RUN)
    assert report['status'] == NOT_RUN
    assert 'results' not in report
    assert report['options']['dims'] == [128, 256, 2048]


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp('kmeans_gpu') / 'result.json'
    return kmeans_gpu(out, '--device', 'cpu', '--quick', '--rounds', 2)


def test_assignment_beside_the_matrix_product(finished):
    _, report = finished
    cells = report['results']['assignment']
    assert [c['precision'] for c in cells] == ['fp32', 'tf32', 'bf16']
    for cell in cells:
        assert set(cell['arms']) == {'gemm', 'torch'}
        assert 'no GPU' in cell['missing']['triton']
        assert set(cell['missing']) == {
            *('triton', 'kernel', 'flash_kmeans', 'fastkmeans')
        }
        assert cell['ratios'] == {}
        arm = cell['arms']['torch']
        assert len(arm['rounds']) == 2
        flop = 2 * 600 * 20 * 16
        seconds = arm['seconds']['median']
        assert arm['tflops'] == pytest.approx(1e-12 * flop / seconds)
        shares = [
            gemm / ours
            for gemm, ours in zip(
                cell['arms']['gemm']['rounds'], arm['rounds'], strict=True
            )
        ]
        assert arm['of_gemm']['median'] == pytest.approx(sum(shares) / 2)
    assert cells[0]['arms']['torch']['labels_of_fp32'] == 1


def test_update_and_tree(finished):
    printed, report = finished
    (cell,) = report['results']['update']
    assert set(cell['arms']) == {'cluster_sums', 'segments', 'atomics'}
    tree = report['results']['tree']
    schedules = tree['schedules']
    assert set(schedules) == {'faithful', 'fast', 'released'}
    # From the same rows, with and without trips between host and device.
    assert tree['objective_ratios']['faithful/released'] == pytest.approx(
        [1, 1, 1], rel=1e-5
    )
    assert '| released |' in printed
    assert 'triton | missing:' in printed
    assert report['status'] == 'run'


def test_emulated_iterations_are_extrapolated(tmp_path):
    printed, report = kmeans_gpu(
        tmp_path / 'result.json',
        *('--device', 'cpu', '--quick', '--parts', 'tree'),
        *('--emulated-iterations', 2),
    )
    tree = report['results']['tree']
    assert set(report['results']) == {'tree'}
    assert tree['schedules']['released']['objectives'] is None
    assert set(tree['objective_ratios']) == {'fast/faithful'}
    assert '| released (extrapolated) |' in printed


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


def test_time_is_extrapolated_to_all_iterations(monkeypatch):
    ticks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr(released_gpu_schedule, 'time', clock)
    features = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    # Of two levels each, one second for the runs and one to assign.
    seconds, _ = ReleasedSchedule('cpu')(features, (6, 2), seed=0)
    assert seconds == 2 * (1 + 1)
    emulated = ReleasedSchedule('cpu', emulated_iters=2)
    seconds, objectives = emulated(features, (6, 2), seed=0)
    assert seconds == 2 * (20 * 5 / 2 + 1)
    assert objectives is None


def test_a_peer_that_fails_is_reported(monkeypatch):
    """One that is installed, and does not bear the sizes."""

    def broken(*_):
        raise RuntimeError('out of resource: shared memory')

    monkeypatch.setattr(assignment_peers, '_flash_kmeans', broken)
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
