"""compare_methods.py as a real process, on two methods of one seed."""

import json

import pytest

from tests.runs import ROOT
from tests.tool_process import run_tool

CONFIGS = ROOT / 'configs/demo'
ARMS = (
    f'MoCo={CONFIGS}/mocov2_resnet18_1xb64-20e_digits.py',
    f'BYOL={CONFIGS}/byol_resnet18_1xb64-20e_digits.py',
)


@pytest.mark.usefixtures('warm_python')
def test_two_methods_and_random_weights(digits, tmp_path):
    command = (
        *('compare_methods', '--arms', *ARMS, '--seeds', 4),
        *('--epochs', 1, '--num-prototypes', 12, 4, '--work-dir', tmp_path),
        *('--stages', 3, 4),
        *('--cfg-options', 'train_dataloader.batch_size=32'),
        'train_dataloader.dataset.indices=96',
        *(
            f'{part}.data_root={digits}'
            for part in (
                *('train_dataloader.dataset', 'knn_gallery', 'knn_queries'),
                'default_hooks.knn_probe.gallery',
                'default_hooks.knn_probe.queries',
            )
        ),
        *('knn_gallery.indices=200', 'knn_queries.indices=100'),
    )
    done = run_tool(*command)
    assert done.returncode == 0, done.stdout[-3000:]
    assert '2 runs, 0 of them finished before' in done.stdout
    table = (tmp_path / 'methods.md').read_text().split('\n\n')[0]
    assert table in done.stdout
    rows = [line.split('|')[1].strip() for line in table.splitlines()[2:]]
    assert rows == ['random weights', 'MoCo', 'BYOL', 'BYOL - MoCo']
    content = json.loads((tmp_path / 'methods.json').read_text())
    found = {run['method']: run['figures'] for run in content['runs']}
    assert all(0 < f['kNN k=10'] <= 100 for f in found.values())
    assert found['MoCo'] != found['random weights'] != found['BYOL']
    for figures in found.values():
        # The last stage is the output of the backbone.
        assert figures['kNN k=20, stage 4'] == figures['kNN k=20']
        assert figures['kNN k=20, stage 3'] > 0
    other = [f['kNN k=20, stage 3'] != f['kNN k=20'] for f in found.values()]
    assert any(other)
    (config,) = (tmp_path / 'byol/seed-4').glob('*/vis_data/config.py')
    assert 'seed=4' in config.read_text()

    again = run_tool(*command)
    assert '2 runs, 2 of them finished before' in again.stdout
    assert (tmp_path / 'methods.md').read_text().split('\n\n')[0] == table
