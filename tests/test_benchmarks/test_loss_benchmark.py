"""The benchmark of the SPD loss, its peer and its memory."""

import re
from argparse import Namespace

import pytest
import torch

from benchmarks.loss.forms import FORMS, KERNELS, SETS, Row, measure
from benchmarks.loss.released import draw_leaves, released_path_loss
from hirl_mm.losses.semantic_path.form import DeviceCosts
from hirl_mm.losses.semantic_path.fused_tiling import fused_tiling
from tests.oracles.semantic_path import batch_loss
from tests.trees import random_tree


def test_every_row_has_all_forms(run_benchmark):
    printed, report = run_benchmark('loss.path_loss', '--rounds', 2)
    assert len(report['rows']) == len(SETS['small'])
    assert [row['by_all'] for row in report['rows']] == [[True] * 3, [False]]
    for row in report['rows']:
        forms = {*FORMS} - {KERNELS}
        assert set(row['seconds']) == {*forms, 'multinomial', 'shift'}
        assert not row['takes_kernels']
        rounds = row['rounds']
        pairs = zip(rounds['released'], rounds['chosen'], strict=True)
        ratios = [theirs / ours for theirs, ours in pairs]
        assert row['speedup']['median'] == pytest.approx(sum(ratios) / 2)
        peak = row['peak_bytes']
        assert row['times_leaner'] == peak['released'] / peak['chosen']
        assert row['loss_difference'] <= 1e-6
        assert row['gradient_difference'] <= 1e-5
    assert re.search(r'\| 4, 5, 8, 12/4/2 +\| all all all +\|', printed)
    assert ' not run |' in printed


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


def test_costs_of_the_forms_as_a_row_of_the_table(run_benchmark):
    printed, report = run_benchmark('loss.crossover')
    costs = DeviceCosts(**report['costs'])
    assert costs.launches == 0 and costs.read == float('inf')
    row = r"^'cpu': DeviceCosts\(\S+, 0, inf, \S+\),$"
    assert re.search(row, printed, re.MULTILINE)


def test_costs_that_are_noise():
    from benchmarks.loss.crossover import too_small

    good = DeviceCosts(26, 0.0, float('inf'), 1e-8)
    assert not too_small(good)
    for name in 'crossover', 'read', 'product':
        assert too_small(good._replace(**{name: -1e-14}))


def test_kernels_compile_without_spills(run_benchmark, tmp_path, monkeypatch):
    """At the border of what fits into registers, too."""
    pytest.importorskip('triton')
    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path))
    from benchmarks.loss.kernel_resources import compiled, resources

    printed, report = run_benchmark('loss.kernel_resources')
    rows = report['kernels']
    assert {row['capability'] for row in rows} == {80, 90}
    assert printed.count('| repulsion ') == printed.count('| loss ') == 2
    rows += [resources('repulsion', 2048, 6, 90)]
    rows += [resources('loss', 4096, 3, 80)]
    for row in rows:
        assert row['spilled_bytes'] == row['local_accesses'] == 0
        assert row['warps_per_sm'] >= 8
    # Sizes of 1 are constants in the kernels.
    tiles = fused_tiling(1, 1, 1, 1, 132)
    sizes = 'num_samples', 'num_negatives', 'splits', 'share', 'dim'
    for name in ('repulsion', 'loss'):
        assert compiled(name, tiles, 1, 90, False, sizes).asm['cubin']
