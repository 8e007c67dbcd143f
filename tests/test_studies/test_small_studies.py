"""configs/studies/small_images.py, and the records of its runs."""

import itertools
import json

import pytest
from mmengine.config import Config

from hirl_mm.studies.grid import plan_runs, read_study_file
from hirl_mm.studies.grid.plan import keys_of
from hirl_mm.studies.sweep.plan import folder_name
from tests.runs import ROOT

FILE = ROOT / 'configs/studies/small_images.py'
RECORDS = ROOT / 'docs/evidence'


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """The runs of all studies, in a folder that has all images."""
    folder = tmp_path_factory.mktemp('studies')
    file = read_study_file(FILE)
    for data in file.data.values():
        (folder / data.root / 'train').mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return plan_runs(file, folder / 'runs')


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


def test_first_trees_of_simsiam_are_those_of_the_records(runs):
    """Whatever the recipe has now."""
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


def test_records_have_the_figures_that_decide():
    paths = list(RECORDS.glob('*/*/seed-*.json'))
    assert paths
    for path in paths:
        figures = json.loads(path.read_text())['value']['figures']
        assert {'kNN k=20, fine', 'NMI, fine', 'linear'} <= figures.keys()


def test_the_page_has_the_table_of_the_report():
    report, page = (
        path.read_text().splitlines()
        for path in (RECORDS / 'study.md', ROOT / 'docs/evidence.md')
    )
    header = next(line for line in page if line.startswith('| study  '))
    assert table_at(page, header) == table_at(report, header)


def test_the_page_says_which_studies_are_run():
    page = (ROOT / 'docs/evidence.md').read_text().splitlines()
    rows = table_at(page, '| study | arms | seeds | state |')[2:]
    states = {}
    for row in rows:
        name, _, _, state = (cell.strip() for cell in row[1:-1].split('|'))
        states[name.strip('`')] = state
    studies = read_study_file(FILE).studies
    assert list(states) == [study.name for study in studies]
    for study in studies:
        records = [record_of(*key).is_file() for key in keys_of(study)]
        assert (states[study.name] == 'run') == all(records), study.name
        pairs = (
            all(record_of(data, arm, seed).is_file() for arm in pair)
            for pair in study.pairs
            for data in study.data
            for seed in study.seeds
        )
        assert (states[study.name] == 'not run') == (not any(pairs))


def table_at(lines, header):
    start = lines.index(header)
    rest = itertools.takewhile(lambda line: line[:1] == '|', lines[start:])
    return list(rest)


def record_of(data, arm, seed):
    folder = RECORDS / folder_name(data) / folder_name(arm)
    return folder / f'seed-{seed}.json'
