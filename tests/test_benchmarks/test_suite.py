"""The suite of benchmarks as a real process, at tiny sizes."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
import run as suite_script
from kmeans_peers import ARMS

from tests.processes import HANGS_AFTER
from tests.runs import ROOT

NAMES = 'kmeans_cpu', 'hkmeans_epoch', 'kmeans_ddp', 'fidelity'


@pytest.fixture(scope='module')
def suite(tmp_path_factory):
    """What was printed, the tables, and the JSON of every benchmark."""
    out = tmp_path_factory.mktemp('suite')
    command = [sys.executable, ROOT / 'benchmarks/run.py', '--quick']
    done = subprocess.run(
        [*command, '--only', *NAMES, '--out', out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reports = {
        name: json.loads((out / f'{name}.json').read_text()) for name in NAMES
    }
    return done.stdout, (out / 'results.md').read_text(), reports


def test_the_suite_says_how_far_it_is(suite):
    printed, tables, reports = suite
    for index, name in enumerate(NAMES, start=1):
        assert f'[{index}/4] {name}' in printed
        assert f'## {name}' in tables
        assert {'commit', 'date'} < set(reports[name]['machine'])
    assert printed.count(' left, until ') == 3
    assert 'written to' not in tables
    rows = [line for line in tables.splitlines() if line.startswith('|')]
    assert len(rows) > 30


def test_all_arms_reach_the_same_objective(suite):
    (size,) = suite[2]['kmeans_cpu']['sizes']
    assert size['missing'] == []
    assert set(size['arms']) == set(ARMS)
    for name, arm in size['arms'].items():
        tolerance = 0.05 if 'Super' in name else 1e-4
        assert arm['objective_ratio'] == pytest.approx(1, rel=tolerance)
        assert arm['objective'] < size['first_objective']
        assert arm['rounds'][0] > 0


def test_modes_have_objectives_and_parts(suite):
    report = suite[2]['hkmeans_epoch']
    modes = ['faithful', 'fast', 'warm']
    assert list(report['modes']) == [*modes, 'released order']
    assert list(report['parts']) == modes
    for mode in report['modes'].values():
        assert mode['objective_ratio'] == pytest.approx([1, 1, 1], rel=0.2)
    for parts in report['parts'].values():
        shares = [part['share']['median'] for part in parts.values()]
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0
    assert set(report['time']) == {'N', 'K', 'D'}
    assert len(report['memory']['sizes']) == 9


def test_processes_exchange_sums_counts_and_one_number(suite):
    report = suite[2]['kmeans_ddp']
    clusters, dim = 12, 8
    expected = 4 * clusters * dim + 4 * clusters + 8
    assert report['bytes_per_iteration'] == [expected, expected]
    assert report['bytes_expected'] == expected
    assert report['labels']['of'] == 400
    assert report['labels']['widest_gap'] < 1e-5
    assert report['labels']['objective_ratio'] == pytest.approx(1, abs=1e-6)


def test_shortcuts_are_compared_with_two_faithful_trees(suite):
    found = suite[2]['fidelity']['features']
    assert list(found) == ['synthetic', 'digits']
    for result in found.values():
        options = result['options']
        assert len(options) == 7
        for pair in options['faithful']['same_seed']:
            assert pair['objective'] == pair['ari'] == [1, 1, 1]
        for option in options.values():
            assert len(option['same_seed']) == len(option['other_seed']) == 2
            for pair in option['other_seed']:
                assert max(pair['ari']) < 1
            assert np.shape(option['empty']) == (2, 3)


def test_a_failure_is_told_and_the_rest_still_runs(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(suite_script, 'FOLDER', tmp_path)
    (tmp_path / 'kmeans_cpu.py').write_text('raise SystemExit(3)')
    (tmp_path / 'kmeans_ddp.py').write_text('import sys; print(sys.argv[1:])')
    args = ['run.py', '--only', 'kmeans_cpu', 'kmeans_ddp', '--out']
    monkeypatch.setattr(sys, 'argv', [*args, str(tmp_path / 'out')])
    with pytest.raises(SystemExit, match='^failed: kmeans_cpu$'):
        suite_script.main()
    assert capsys.readouterr().out.count('failed after') == 1
    tables = (tmp_path / 'out/results.md').read_text()
    assert 'failed with exit status 3, see kmeans_cpu.log' in tables
    assert "out/kmeans_ddp.json']" in tables


@pytest.mark.parametrize(
    ('script', 'args', 'message'),
    [
        ('kmeans_cpu', '--rounds 0', '--rounds must be at least 1'),
        ('kmeans_cpu', '--clock process --threads 1 2', 'one thread alone'),
        ('kmeans_ddp', '--world-size 1', '--world-size must be at least 2'),
        ('fidelity', '--seeds 1', '--seeds must be at least 2'),
        ('run', '--only mae', "invalid choice: 'mae'"),
    ],
)
def test_plain_errors(script, args, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [script, *args.split()])
    with pytest.raises(SystemExit, match='2'):
        importlib.import_module(script).parse_args()
    assert message in capsys.readouterr().err
