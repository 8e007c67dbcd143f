"""Benchmarks of the way from a file to a view, with next to nothing."""

import json

import pytest
from mmengine.registry import init_default_scope

from benchmarks.epochs.view_arms import ARMS
from benchmarks.gpu_session import PARTS, Part, run_session
from benchmarks.worker_cost import METHODS
from tests.runs import ROOT
from tests.tool_process import run_module

pytestmark = pytest.mark.slow


def test_training_from_files(run_benchmark):
    table, report = run_benchmark('epochs.from_jpeg')
    assert set(ARMS) - set(report['arms']) <= {'kornia'}
    for name, (turn,) in report['arms'].items():
        assert turn['images_per_second'] > 0
        assert 0 < turn['waiting_share'] < 1
        assert f'| {name} | {turn["images_per_second"]:.0f} |' in table


def test_what_is_learned_in_both_places(run_benchmark):
    report = run_benchmark('epochs.view_places')[1]
    cpu, device = report['top1'].values()
    assert len(cpu) == len(device) == 2
    assert report['differences'] == [
        b - a for a, b in zip(cpu, device, strict=True)
    ]


def test_libraries_of_views(run_benchmark):
    table, report = run_benchmark('views.view_libraries')
    found = report['seconds_per_image']
    arms = ['hirl_mm', 'mmpretrain', 'torchvision', 'kornia']
    assert list(found)[:3] == arms[:3] and set(found) <= set(arms)
    for name, value in found.items():
        assert f'| {name} ' in table
        assert f' {1e3 * value["median"]:.2f} |' in table


def test_cost_of_the_workers(tmp_path):
    out = tmp_path / 'cost.json'
    done = run_module(
        *('benchmarks.worker_cost', '--num', 4, '--rounds', 1, '--out', out)
    )
    assert done.returncode == 0, done.stdout
    found = json.loads(out.read_text())
    assert set(found) == set(METHODS)
    for cost in found.values():
        assert 0 < cost['device'] < cost['cpu']


def test_variants_of_a_step(run_benchmark):
    table, report = run_benchmark(
        *('step.variants', '--methods', 'mocov2'),
        *('--variants', 'channels-last', 'fused', 'tf32'),
    )
    rows = report['rows']
    names = ['as it is', 'channels-last', 'fused', 'tf32', 'all']
    assert [row['variant'] for row in rows] == names
    for row in rows:
        assert abs(row['loss_difference']) < 1e-4 < row['first_loss']
        assert 0 < row['share_of_products'] < 1.2
        assert f'| {row["variant"]} | {row["ms"]:.1f} |' in table


def test_recipes_exist():
    init_default_scope('mmpretrain')
    for path in METHODS.values():
        assert (ROOT / 'configs' / path).is_file()


def test_a_session_goes_on_after_a_limit(tmp_path):
    cost = '--num 2 --rounds 1 --methods mocov2'
    parts = {
        'endless': Part('tests.endless', '', '', 3),
        'missing': Part('benchmarks.nothing', '', '', 60),
        'cost': Part('benchmarks.worker_cost', '', cost, 1200),
    }
    assert run_session(tmp_path, True, parts) == 2
    session = json.loads((tmp_path / 'session.json').read_text())
    assert [part['status'] for part in session.values()] == [
        'ended after 3 s',
        'exit status 1',
        'done',
    ]
    assert session['endless']['result'] == {'half': 1}
    assert session['missing']['result'] is None
    assert set(session['cost']['result']) == {'mocov2'}


def test_a_session_fits_in_ten_minutes():
    assert sum(part.limit for part in PARTS.values()) < 600
