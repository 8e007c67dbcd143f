"""configs/studies/small_images.py, and the records of its runs."""

import json

import pytest
from mmengine.config import Config

from hirl_mm.studies.grid import plan_runs, read_study_file
from hirl_mm.studies.sweep.plan import folder_name
from tests.runs import ROOT

FILE = ROOT / 'configs/studies/small_images.py'
RECORDS = ROOT / 'docs/evidence'


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The runs of all studies, in a folder that has all images."""
    monkeypatch.chdir(tmp_path)
    file = read_study_file(FILE)
    for data in file.data.values():
        (tmp_path / data.root / 'train').mkdir(parents=True)
    return plan_runs(file, tmp_path / 'runs')


def test_every_record_is_a_run_of_a_study(runs):
    data_sets = {folder_name(run.key[0]) for run in runs}
    records = {
        tuple(path.relative_to(RECORDS).with_suffix('').parts)
        for name in data_sets
        for path in (RECORDS / name).rglob('*.json')
    }
    planned = {
        (folder_name(data), folder_name(arm), f'seed-{seed}')
        for data, arm, seed in (run.key for run in runs)
    }
    assert len(records) >= 140
    assert records <= planned


def test_records_have_trained_as_the_recipes_do_now(runs):
    """Epochs of the first tree, which decide whether HIRL gains."""
    first = {
        run.key[1]: Config.fromfile(run.config).default_hooks.kmeans
        for run in runs
        if 'SimSiam' in run.key[1] and run.key[1] != 'SimSiam'
    }
    assert {arm: hook.start_epoch for arm, hook in first.items()} == {
        'HIRL-SimSiam': 6,
        'SimSiam, two views': 6,
        'SimSiam, trees from epoch 2': 2,
        'SimSiam, trees from epoch 12': 12,
    }


def test_random_weights_have_no_budget(runs):
    """A recipe is compared with random weights whatever its batches are."""
    arms = {run.key[1] for run in runs if not run.settings['trained']}
    assert arms == {'random ResNet', 'random ViT'}


def test_records_are_complete():
    for path in RECORDS.glob('*/*/seed-*.json'):
        figures = json.loads(path.read_text())['value']['figures']
        assert {'kNN k=20, fine', 'NMI, fine', 'linear'} <= figures.keys()
