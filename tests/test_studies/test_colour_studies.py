"""configs/studies/colour_images.py, for those who have some of the images."""

import shlex

import pytest
from mmengine.config import Config

from hirl_mm.studies.grid import plan_runs, read_study_file
from tests.runs import ROOT

FILE = ROOT / 'configs/studies/colour_images.py'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory that has CIFAR-100 alone."""
    (tmp_path / 'data/cifar-100/train').mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_most_important_study_comes_first(folder):
    """It needs none of the other images."""
    file = read_study_file(FILE).only(['gain', 'why'])
    runs = plan_runs(file, folder / 'runs')
    methods = 'MoCo v2', 'SimSiam', 'DINO'
    arms = [f'{kind}{name}' for name in methods for kind in ('', 'HIRL-')]
    assert [run.key for run in runs[:30]] == [
        ('CIFAR-100', arm, seed) for seed in range(5) for arm in arms
    ]
    assert {run.key[1] for run in runs[30:]} == {
        *('one level of 1750', 'shuffled parents', 'random leaves')
    }
    assert len(runs) == 45
    for run in runs:
        cfg = Config.fromfile(run.config)
        assert cfg.views == 'device'
        assert cfg.train_dataloader.dataset.data_root == 'data/cifar-100'
    one_level = Config.fromfile(runs[30].config)
    assert sum((1250, 400, 100)) == 1750
    assert list(one_level.default_hooks.kmeans.num_prototypes) == [1750]


def test_images_that_are_missing_are_told(folder):
    file = read_study_file(FILE)
    for name, data in file.data.items():
        word, tool, *_ = shlex.split(data.prepare)
        assert word == 'python' and (ROOT / tool).is_file()
        if name != 'CIFAR-100':
            match = f"no folder {data.root}/train.*{name}'; write it with: pyt"
            with pytest.raises(FileNotFoundError, match=match):
                plan_runs(file.only([name]), folder / 'runs')


def test_all_studies(folder):
    file = read_study_file(FILE)
    for data in file.data.values():
        (folder / data.root / 'train').mkdir(parents=True, exist_ok=True)
    runs = plan_runs(file, folder / 'runs')
    assert len(runs) == 45 + 18 + 6 + 6
    used = {
        data: {run.key[1] for run in runs if run.key[0] == data}
        for data in ('Tiny ImageNet', 'ImageNet-100')
    }
    assert used == {
        'Tiny ImageNet': {'MoCo v2, 64 pixels', 'HIRL-MoCo v2, 64 pixels'},
        'ImageNet-100': {'MoCo v2, 224 pixels', 'HIRL-MoCo v2, 224 pixels'},
    }
