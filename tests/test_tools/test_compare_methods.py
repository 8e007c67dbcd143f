"""compare_methods.py as a real process, on two methods of one seed."""

import json

import pytest

from tests.runs import ROOT
from tests.tool_process import run_tool

pytestmark = pytest.mark.usefixtures('starts_warm')

CONFIGS = ROOT / 'configs/demo'
ARMS = (
    f'MoCo={CONFIGS}/mocov2_resnet18_1xb64-20e_digits.py',
    f'BYOL={CONFIGS}/byol_resnet18_1xb64-20e_digits.py',
)
ROOTS = (
    *('train_dataloader.dataset', 'knn_gallery', 'knn_queries'),
    'default_hooks.knn_probe.gallery',
    'default_hooks.knn_probe.queries',
)


def compare(digits, work_dir, *options, arms=ARMS):
    done = run_tool(
        *('compare_methods', '--arms', *arms, '--seeds', 4),
        *('--epochs', 1, '--num-prototypes', 12, 4, '--work-dir', work_dir),
        *(*options, '--cfg-options', 'train_dataloader.batch_size=32'),
        'train_dataloader.dataset.indices=96',
        *(f'{part}.data_root={digits}' for part in ROOTS),
        *('knn_gallery.indices=200', 'knn_queries.indices=100'),
    )
    return done.returncode, done.stdout


def test_two_methods_and_random_weights(digits, tmp_path):
    options = '--stages', 3, 4
    status, text = compare(digits, tmp_path, '--list', *options)
    assert status == 0 and text.count('waits') == 3

    status, text = compare(digits, tmp_path, *options)
    assert status == 0, text[-3000:]
    assert '3 runs, 0 of them finished before' in text
    tables = (tmp_path / 'study.md').read_text().split('All figures')[0]
    assert tables.strip() in text
    head = next(ln for ln in tables.splitlines() if ln.startswith('| figure'))
    names = [cell.strip() for cell in head.split('|')[2:-1]]
    assert names == ['random weights (1)', 'MoCo (1)', 'BYOL (1)']
    content = json.loads((tmp_path / 'study.json').read_text())
    pairs = {(d['arm'], d['baseline']) for d in content['differences']}
    assert pairs == {('BYOL', 'MoCo')}

    records = {
        name: tmp_path / f'images/{name}/seed-4/run.json'
        for name in ('random-weights', 'moco', 'byol')
    }
    found = {
        name: json.loads(file.read_text())['value']['figures']
        for name, file in records.items()
    }
    for figures in found.values():
        assert list(figures) == [
            *(f'kNN k={k}, class' for k in (10, 20, 100)),
            *('NMI, class', 'purity, class'),
            *('purity K=12, class', 'purity K=4, class', 'linear'),
            *('kNN k=20, class, stage 3', 'kNN k=20, class, stage 4'),
        ]
        assert all(0 < value <= 100 for value in figures.values())
        last = figures['kNN k=20, class']
        # The last stage is the output of the backbone.
        assert figures['kNN k=20, class, stage 4'] == last
    other = [
        f['kNN k=20, class, stage 3'] != f['kNN k=20, class']
        for f in found.values()
    ]
    assert any(other)
    assert found['moco'] != found['random-weights'] != found['byol']
    assert not list(records['random-weights'].parent.glob('*.pth'))
    byol = records['byol'].parent
    (config,) = byol.glob('*/vis_data/config.py')
    assert 'seed=4' in config.read_text()
    assert (byol / 'epoch_1.pth').is_file()

    status, again = compare(digits, tmp_path, *options)
    assert status == 0 and 'started' not in again
    assert '3 runs, 3 of them finished before' in again
    assert tables.strip() in again
    status, text = compare(digits, tmp_path, '--stages', 2)
    assert status == 1
    assert 'stages was [3, 4], now [2]' in text


def test_training_of_two_processes(digits, tmp_path):
    """Each has half of the 96 images, one step of 32."""
    options = '--gpus', 2, '--jobs', 1
    status, text = compare(digits, tmp_path, *options, arms=ARMS[:1])
    assert status == 0, text[-3000:]
    assert '1 side by side' in text and text.count('finished: ') == 2
    log = (tmp_path / 'images/moco/seed-4/train.log').read_text()
    assert 'Epoch(train) [1][1/1]' in log


def test_stage_that_the_network_lacks(digits, tmp_path):
    status, text = compare(digits, tmp_path, '--stages', 9, arms=ARMS[:1])
    assert status == 1
    assert 'FAILED: images, random weights, seed 4' in text
    assert 'Not finished: random weights: seeds 4 (failed); MoCo' in text
