"""spd_loss.py as a real process, its peer and its memory."""

import json
import subprocess
import sys
from argparse import Namespace

import pytest
import torch
from released_path_loss import draw_leaves, released_path_loss
from spd_loss import parse_args
from spd_rows import FORMS, GRID, SETS, Row, measure

from tests.oracles.semantic_path import batch_loss
from tests.processes import HANGS_AFTER
from tests.runs import ROOT
from tests.trees import random_tree


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """What was printed, and the JSON."""
    out = tmp_path_factory.mktemp('spd_loss') / 'result.json'
    script = ROOT / 'benchmarks/spd_loss.py'
    done = subprocess.run(
        [sys.executable, script, '--rows=small', '--rounds=2', f'--out={out}'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout, json.loads(out.read_text())


def test_every_row_has_all_forms(finished):
    _, report = finished
    assert len(report['rows']) == len(SETS['small'])
    assert [row['by_all'] for row in report['rows']] == [[True] * 3, [False]]
    for row in report['rows']:
        assert set(row['seconds']) == {*FORMS, 'multinomial', 'shift'}
        for rounds in row['rounds'].values():
            assert len(rounds) == 2
            assert min(rounds) > 0
        pairs = zip(
            row['rounds']['released'], row['rounds']['chosen'], strict=True
        )
        ratios = [theirs / ours for theirs, ours in pairs]
        assert row['speedup']['median'] == pytest.approx(sum(ratios) / 2)
        assert set(row['peak_bytes']) == set(FORMS)
        peak = row['peak_bytes']
        assert row['times_leaner'] == peak['released'] / peak['chosen']
        assert row['loss_difference'] <= 1e-6
        assert row['gradient_difference'] <= 1e-5


def test_report_says_what_it_was_measured_on(finished):
    _, report = finished
    assert {'commit', 'date', 'torch', 'cpu'} < set(report['machine'])
    assert 'MALLOC_MMAP_MAX_' in report['malloc']
    assert report['options']['rounds'] == 2


def test_rows_are_printed_one_by_one_and_together(finished):
    printed, report = finished
    lines = [ln for ln in printed.splitlines() if ln.startswith('|')]
    sizes = [line.split('|')[1].strip() for line in lines]
    found = [size for size in sizes if size[0].isdigit()]
    assert found == ['4, 5, 8, 12/4/2', '2, 3, 8, 400'] * 2
    assert len({line.count('|') for line in lines}) == 1


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['--rows', 'big'], "invalid choice: 'big'"),
        (['--rounds', '0'], '--rounds must be at least 1'),
    ],
)
def test_plain_errors(args, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['spd_loss.py', *args])
    with pytest.raises(SystemExit, match='2'):
        parse_args()
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_grid_has_the_sizes_of_the_recipes():
    assert Row(32, 1000, 128, (30000, 10000, 1000)) in GRID
    assert Row(32, 100, 256, (30000, 10000, 5000)) in GRID
    assert {row.dim for row in GRID} == {128, 256, 2048}


@pytest.mark.parametrize(
    ('num_leaves', 'forms'),
    [
        (400, ('chosen', 'by all', 'gathered', 'all paths')),
        (40_000, ('chosen', 'gathered')),
    ],
)
def test_five_times_leaner_than_the_released_form(num_leaves, forms):
    """By allocations; level 0 is compared as a whole, or gathered."""
    row = Row(16, 500, 64, (num_leaves, 200, 50))
    options = dict(device='cpu', seed=0, clock='process', rounds=1)
    found = measure(row, Namespace(**options))
    assert found['by_all'] == [num_leaves == 400, True, True]
    copy_of_prototypes = 4 * 16 * 500 * 3 * 64
    assert found['peak_bytes']['released'] > 3 * copy_of_prototypes
    for form in forms:
        assert found['peak_bytes'][form] < copy_of_prototypes / 4, form


def test_peer_is_the_released_loss():
    torch.manual_seed(0)
    tree = random_tree((20, 8, 3), dim=6)
    z = torch.randn(3, 5, 6, requires_grad=True)
    same = z.detach().double().requires_grad_()
    leaf = tree.leaf[:5]
    negatives = torch.randint(20, (5, 4))
    negatives[:, 0] = (leaf + 1) % 20
    negatives[0, 1] = leaf[0]
    found = released_path_loss(list(z), tree, leaf, negatives)
    expected = batch_loss(
        same,
        [c.double() for c in tree.centroids],
        tree.parents,
        leaf,
        negatives,
        'official',
    )
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    found.backward()
    expected.backward()
    torch.testing.assert_close(
        z.grad.double(), same.grad, rtol=1e-4, atol=1e-6
    )


def test_peer_draws_from_all_leaves():
    torch.manual_seed(0)
    drawn = draw_leaves(5, 4, 2000, 'cpu')
    assert drawn.shape == (5, 2000)
    share = torch.bincount(drawn.flatten(), minlength=4) / drawn.numel()
    torch.testing.assert_close(
        share, torch.full((4,), 0.25), atol=0.02, rtol=0
    )
