"""The benchmarks that train, as real processes, with next to nothing."""

import json
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from epoch_overhead import PARTS, PLAIN, overhead_table, summarise
from modes import compare, spent
from modes_tables import modes_table

from hirl_mm.clustering import kmeans
from hirl_mm.engine.trees.mode import MODES
from tests.processes import HANGS_AFTER
from tests.runs import ROOT
from tests.trees import blobs, tree_of


@pytest.fixture(scope='module')
def reports(tmp_path_factory):
    out = tmp_path_factory.mktemp('suite')
    names = 'modes', 'epoch_overhead', 'kmeans_gpu'
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'benchmarks/run.py', '--quick'),
            *('--clock', 'process', '--only', *names, '--out', out),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    logs = ''.join((out / f'{n}.log').read_text()[-2000:] for n in names)
    assert done.returncode == 0, done.stdout + logs
    found = {n: json.loads((out / f'{n}.json').read_text()) for n in names}
    return found, (out / 'results.md').read_text()


def test_every_mode_is_trained_and_compared(reports):
    runs = reports[0]['modes']['runs']
    assert set(runs) == set(MODES)
    for mode, (run,) in runs.items():
        assert 0 < run['figures']['kNN k=20'] <= 100
        same = mode == 'faithful'
        assert (run['twin']['ari'] == pytest.approx(1)) == same
        assert (run['twin']['objective'] == pytest.approx(1)) == same
        assert run['other_seed']['ari'] < 1


def test_parts_of_an_epoch_make_the_whole(reports):
    report = reports[0]['epoch_overhead']
    assert report['options']['clock'] == 'process'
    (found,) = report['rounds']
    assert set(found['stages']) == set(found['slices']) == {PLAIN, *MODES}
    # 36 classes of 8 images in batches of 64, a batch a slice
    assert {len(slices) for slices in found['slices'].values()} == {4}
    for mode in MODES:
        stage = found['stages'][mode]
        assert stage['stage'] >= sum(stage[part] for part in PARTS) > 0
        parts = {
            k: v['median'] for k, v in report['modes'][mode]['parts'].items()
        }
        of_stage = sum(parts[part] for part in (*PARTS, 'other'))
        assert parts['stage'] == pytest.approx(of_stage)
        assert report['modes'][mode]['overhead'] == pytest.approx(
            parts['stage'] + parts['steps']
        )
    extract = {m: found['stages'][m]['extract'] for m in MODES}
    assert extract['bank'] < extract['faithful']


def test_what_was_measured_on_stands_below_every_table(reports):
    tables = reports[1]
    assert tables.count(', commit ') == 3
    assert 'no GPU: not run' in tables or torch.cuda.is_available()


def test_overhead_by_hand():
    """Of a plain epoch 10 % extract, 2.5 % cluster; steps 5 % slower."""
    stage = dict(stage=1.5, extract=1.0, cluster=0.25)
    rounds = [
        dict(
            stages=dict(plain=dict(stage=0.0), fast=stage),
            slices=dict(plain=[2.0, 3.0, 2.0, 3.0], fast=[2.5, 2.75, 2, 3.25]),
        )
    ] * 3
    results = summarise(rounds)
    fast = results['modes']['fast']
    medians = {k: v['median'] for k, v in fast['parts'].items()}
    assert medians == pytest.approx(
        dict(stage=0.15, extract=0.1, cluster=0.025, other=0.025, steps=0.05)
    )
    assert fast['overhead'] == pytest.approx(0.2)
    row = overhead_table(results).splitlines()[2]
    cells = [cell.split('%')[0].strip() for cell in row.split('|')[1:-1]]
    assert cells == ['fast', '20.0', '10.0', '2.5', '2.5', '5.0']


def test_spent_is_the_objective_of_k_means():
    x = blobs(300, 8, num_blobs=10, spread=0.4)
    _, labels, objective = kmeans(x, 12, num_iters=100)
    assert spent(3 * x, labels) == pytest.approx(objective, rel=1e-4)


def test_comparison_of_leaves():
    x = F.normalize(torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]]))
    good, bad = tree_of([0, 0, 1, 1]), tree_of([0, 1, 0, 1])
    equal = compare(x, tree_of([1, 1, 0, 0]), good)
    assert equal == pytest.approx(dict(objective=1, ari=1, nmi=1))
    worse = compare(x, bad, good)
    assert worse['objective'] > 50 and worse['ari'] < 0.1


def test_table_of_paired_differences():
    def made(*values):
        agreement = dict(objective=1.0, ari=0.5, nmi=0.75)
        return [
            dict(
                figures={'kNN k=20': value},
                twin=agreement,
                other_seed=agreement,
            )
            for value in values
        ]

    table = modes_table(dict(faithful=made(90.0, 92.0), fast=made(91.0, 94.0)))
    rows = [line for line in table.splitlines() if line.startswith('| f')]
    assert '91.0 +- 1.4' in rows[0]
    assert 'paired' in rows[2] and '+1.5 +- 0.7' in rows[2]
    assert '1.000 +- 0.000' in rows[3] and '0.750' in rows[3]
