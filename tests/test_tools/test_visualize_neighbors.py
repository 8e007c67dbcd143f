import json
import shutil
from pathlib import Path

import pytest
import torch

from hirl_mm.datasets.image_folder import load_images
from hirl_mm.engine.features.fingerprint import paths_identity
from hirl_mm.features import nearest_neighbors
from hirl_mm.structures import NeighborTable
from tests.digit_images import DIGITS, digit
from tests.tool_process import run_tool

NUM = 24


def run(*arguments):
    return run_tool('visualize_neighbors', *arguments)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Digits in a folder per class."""
    root = tmp_path_factory.mktemp('digits')
    for i in range(NUM):
        folder = root / 'train' / str(DIGITS.target[i])
        folder.mkdir(parents=True, exist_ok=True)
        digit(i).save(folder / f'{i}.png')
    return root / 'train'


@pytest.fixture
def work_dir(data, tmp_path):
    """A run that has searched neighbours twice."""
    found = load_images(data)
    numbers = [int(Path(path).stem) for path in found['images']]
    features = torch.from_numpy(DIGITS.data[numbers])
    for epoch in (1, 6):
        folder = tmp_path / 'run/neighbors'
        folder.mkdir(parents=True, exist_ok=True)
        table = nearest_neighbors(features + 6 // epoch, 3)
        identity = paths_identity(found['images'])
        NeighborTable(table, identity).save(folder / f'epoch_{epoch}.pth')
    return tmp_path / 'run'


CONFIG = """
train_dataloader = dict(
    dataset=dict(
        type='mmpretrain.CustomDataset', data_root={!r}, with_label={}
    )
)
"""


def test_folder_of_images(work_dir, data):
    result = run(work_dir, '--data', data, '--images', 3, 7)
    assert result.returncode == 0, result.stdout
    assert f'written to {work_dir}/neighbors.png' in result.stdout
    assert (work_dir / 'neighbors.png').stat().st_size
    content = json.loads((work_dir / 'neighbors.json').read_text())
    assert list(content['neighbors']) == ['3', '7']
    assert content['shares']['6']['same_class'] > 0.3


@pytest.mark.parametrize('labelled', [True, False])
def test_config_of_the_run_is_the_default(work_dir, data, labelled, tmp_path):
    file = work_dir / 'config.py'
    file.write_text(CONFIG.format(str(data), labelled))
    out = tmp_path / 'picture.pdf'
    result = run(work_dir, '--num-images', 2, '--out', out, '--seed', 1)
    assert result.returncode == 0, result.stdout
    assert out.stat().st_size
    content = json.loads(out.with_suffix('.json').read_text())
    assert len(content['neighbors']) == 2
    assert (content['shares']['1']['same_class'] is not None) == labelled


def test_other_images_are_refused(work_dir, data, tmp_path):
    # As many, but one of them has another name.
    others = shutil.copytree(data, tmp_path / 'others')
    shutil.move(others / '3/3.png', others / '3/03.png')
    result = run(work_dir, '--data', others)
    assert result.returncode == 1
    assert 'the table of neighbours was built from other' in result.stdout
    assert not (work_dir / 'neighbors.png').exists()
    shutil.rmtree(others / '3')
    result = run(work_dir, '--data', others)
    assert 'but the table of neighbours was built from 24' in result.stdout


def test_errors_are_one_line(work_dir, data, tmp_path):
    for words, said in (
        ((tmp_path, '--data', data), 'holds no table of neighbours'),
        ((work_dir,), 'holds no run: the config'),
        (
            (work_dir, '--data', data, '--images', NUM),
            'from 0 to 23, got [24]',
        ),
        ((work_dir, '--data', tmp_path / 'run'), 'found no images'),
    ):
        result = run(*words)
        assert result.returncode == 1
        assert 'Traceback' not in result.stdout
        assert said in result.stdout.strip().splitlines()[-1]
    assert 'must be in [0, 1]' in run(work_dir, '--mix-share', 2).stdout
