"""The benchmarks that train, as real processes, with next to nothing."""

import pytest
import torch
import torch.nn.functional as F

from benchmarks.epochs.modes import compare, objective
from benchmarks.epochs.modes_tables import modes_table
from benchmarks.epochs.overhead_results import (
    PARTS,
    PLAIN,
    overhead_table,
    summarise,
)
from hirl_mm.clustering import kmeans
from hirl_mm.engine.trees.mode import MODES
from tests.trees import blobs, tree_of


def test_every_mode_is_trained_and_compared(run_benchmark):
    runs = run_benchmark('epochs.modes')[1]['runs']
    assert set(runs) == set(MODES)
    for mode, (run,) in runs.items():
        assert 0 < run['figures']['kNN k=20'] <= 100
        same = mode == 'faithful'
        assert (run['twin']['ari'] == pytest.approx(1)) == same
        assert (run['twin']['objective'] == pytest.approx(1)) == same
        assert run['other_seed']['ari'] < 1


def test_parts_of_an_epoch_make_the_whole(run_benchmark):
    report = run_benchmark('epochs.overhead', '--clock', 'process')[1]
    (found,) = report['rounds']
    assert set(found['stages']) == set(found['slices']) == {PLAIN, *MODES}
    # 36 classes of 8 images in batches of 64, a batch a slice
    assert {len(slices) for slices in found['slices'].values()} == {4}
    assert set(found['stages'][PLAIN]) == {'stage'}
    for mode in MODES:
        stage = found['stages'][mode]
        assert stage['stage'] >= sum(stage[part] for part in PARTS) > 0
        assert stage['cluster'] > 0
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


def test_comparison_of_leaves():
    x = F.normalize(torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]]))
    good, bad = tree_of([0, 0, 1, 1]), tree_of([0, 1, 0, 1])
    equal = compare(x, tree_of([1, 1, 0, 0]), good)
    assert equal == pytest.approx(dict(objective=1, ari=1, nmi=1))
    worse = compare(x, bad, good)
    assert worse['objective'] > 50 and worse['ari'] < 0.1
    x = blobs(300, 8, num_blobs=10, spread=0.4)
    _, labels, of_kmeans = kmeans(x, 12, num_iters=100)
    assert objective(3 * x, labels) == pytest.approx(of_kmeans, rel=1e-4)


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
    (row,) = (line for line in table.splitlines() if 'paired' in line)
    assert '+1.5 +- 0.7' in row
