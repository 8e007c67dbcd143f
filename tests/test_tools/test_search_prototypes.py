"""tools/search_prototypes.py as its users start it: real processes."""

import json
import re

import pytest
from mmengine.config import Config

from tests.runs import small_config
from tests.tool_process import run_tool

pytestmark = pytest.mark.usefixtures('starts_warm')

OPTIONS = (
    *('--held-out', 32, '--num-prototypes', '12,4,2', '16,4,2'),
    *('--num-negatives', 5, '--seed', 3),
)


@pytest.fixture(scope='module')
def config(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp('config')
    cfg = small_config(digits, folder, epochs=2)
    cfg.log_level = 'INFO'
    cfg.pop('work_dir')
    cfg.dump(folder / 'small.py')
    return folder / 'small.py'


def search(*args):
    return run_tool('search_prototypes', *args)


@pytest.fixture(scope='module')
def finished(starts_warm, config, tmp_path_factory):
    """What a search printed, and its folder."""
    folder = tmp_path_factory.mktemp('search')
    options = '--cfg-options', 'train_cfg.max_epochs=3'
    done = search(config, *OPTIONS, '--work-dir', folder, *options)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout, folder


def test_results(finished, config):
    output, folder = finished
    found = json.loads((folder / 'search.json').read_text())
    assert found['config'] == str(config)
    assert (found['held_out'], found['seed']) == (32, 3)
    candidates = found['candidates']
    assert list(candidates) == ['m12-4-2_neg5', 'm16-4-2_neg5']
    assert candidates['m16-4-2_neg5']['num_prototypes'] == [16, 4, 2]
    joint = {name: c['joint'] for name, c in candidates.items()}
    assert found['chosen'] == min(joint, key=joint.get)
    assert joint['m12-4-2_neg5'] != joint['m16-4-2_neg5']
    assert found['facts']['command'].endswith('train_cfg.max_epochs=3')
    table, _ = (folder / 'search.md').read_text().split('\n\n')
    assert table in output
    for name in candidates:
        assert (folder / name / 'epoch_3.pth').is_file()
    assert f'[2/2] {folder}/m16-4-2_neg5\n' in output
    assert '1 runs left, eta: 0:0' in output
    assert len(re.findall(r'    HIRL tree of epoch 3', output)) == 2


def test_finished_candidates_are_not_trained_again(finished, config):
    """And one whose training is finished alone, is evaluated alone."""
    _, folder = finished
    files = folder / 'search.json', folder / 'search.md'
    before = [file.read_text() for file in files]
    record = folder / 'm16-4-2_neg5/held_out.json'
    stored = json.loads(record.read_text())
    record.write_text(json.dumps(stored | dict(value=None)))
    checkpoints = list(folder.glob('*/epoch_*.pth'))
    times = [file.stat().st_mtime_ns for file in checkpoints]
    options = '--cfg-options', 'train_cfg.max_epochs=3'
    done = search(config, *OPTIONS, '--work-dir', folder, *options)
    assert done.returncode == 0, done.stdout[-3000:]
    assert '2 runs, 1 of them finished before\n' in done.stdout
    assert f'[1/1] {record.parent}\n' in done.stdout
    assert json.loads(record.read_text()) == stored
    assert [file.stat().st_mtime_ns for file in checkpoints] == times
    assert [file.read_text() for file in files] == before


def test_tree_of_a_candidate_is_drawn_without_the_held_out(
    finished, digits, tmp_path
):
    """With the config of its run; the folder has more images."""
    run = finished[1] / 'm12-4-2_neg5'
    words = run / 'epoch_3.pth', '--out', tmp_path / 'tree.png'
    config = '--config', run / 'm12-4-2_neg5.py'
    drawn = run_tool('visualize_tree', *words, *config)
    assert drawn.returncode == 0, drawn.stdout
    assert (tmp_path / 'tree.png').is_file()
    refused = run_tool('visualize_tree', *words, '--data', digits / 'train')
    line = refused.stdout.splitlines()[-1]
    assert 'images but the tree was built from' in line
    assert line.endswith('or the config of the training')


def test_other_settings_in_the_same_folder(finished, config):
    _, folder = finished
    done = search(config, *OPTIONS, '--work-dir', folder)
    assert done.returncode == 1
    line = done.stdout.splitlines()[-1]
    assert line.startswith('error: ')
    assert 'm12-4-2_neg5.py is of a search with other settings' in line


def test_training_that_fails(config, tmp_path):
    """In two processes, as with two GPUs."""
    options = '--cfg-options', 'default_hooks.kmeans.start_epoch=2'
    args = '--work-dir', tmp_path, '--gpus', 2, *options
    done = search(config, *OPTIONS, *args)
    assert done.returncode == 1
    assert 'leaves no epoch with a tree' in done.stdout
    line = done.stdout.splitlines()[-1]
    assert f'training in {tmp_path}/m12-4-2_neg5 failed with exit' in line
    ran = Config.fromfile(tmp_path / 'm12-4-2_neg5/m12-4-2_neg5.py')
    assert ran.launcher == 'pytorch'
