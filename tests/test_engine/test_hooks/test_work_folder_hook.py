"""Files of a run in a folder that another run has used."""

import shutil

import pytest
import torch
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import find_latest_checkpoint

from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.checks.work_folder import files_of_runs
from hirl_mm.engine.runtime.run_files import (
    TREES_FOLDER,
    epoch_files,
    epoch_of,
    save_of_epoch,
)
from hirl_mm.structures import PrototypeTree
from tests.processes import run_processes
from tests.tiny_runs import Stop, tiny_config, tiny_run
from tests.trees import random_tree

REFUSED = r'holds \d+ files of another run .*--resume.*--work-dir.*--overwr'


class Score(Hook):
    """A metric that rises with every epoch, for the best checkpoint."""

    def after_train_epoch(self, runner):
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook):
                hook.after_val_epoch(runner, dict(score=runner.epoch))


BEST = dict(
    default_hooks__checkpoint__save_best='score',
    default_hooks__checkpoint__rule='greater',
)


def names(folder):
    return [str(file.relative_to(folder)) for file in files_of_runs(folder)]


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Folder of a run of two epochs, with a best checkpoint and a tree."""
    folder = tmp_path_factory.mktemp('trained') / 'run'
    tiny_run(tiny_config(folder, 8, **BEST), Score(), Stop(2))
    random_tree((4, 2), 2).save(folder / 'prototype_trees/epoch_8.pth')
    (folder / 'backbone.pth').write_text('not of a run')
    return folder


@pytest.fixture
def used(trained, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(trained, tmp_path / 'run')


def test_what_belongs_to_a_run(trained, tmp_path):
    assert names(trained) == [
        *('best_score_epoch_1.pth', 'epoch_1.pth', 'epoch_2.pth'),
        *('last_checkpoint', 'prototype_trees/epoch_8.pth'),
    ]
    assert names(tmp_path / 'none') == []


@pytest.mark.parametrize('left', ['all', 'trees', 'iterations'])
def test_new_run_is_refused(left, used):
    if left != 'all':
        for file in files_of_runs(used)[:4]:
            file.unlink()
    if left == 'iterations':
        shutil.rmtree(used / 'prototype_trees')
        (used / 'iter_500.pth').touch()
    before = {f: f.stat().st_mtime_ns for f in files_of_runs(used)}
    assert before
    message = REFUSED
    if left != 'all':
        message = 'has no checkpoint to resume from. .*--overwrite'
    with pytest.raises(StartError, match=message):
        tiny_run(tiny_config(used, 8))
    assert {f: f.stat().st_mtime_ns for f in files_of_runs(used)} == before


class PowerCut(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        raise KeyboardInterrupt


def test_run_that_left_no_checkpoint_is_started_again(tmp_path):
    """As after any mistake in the first minutes."""
    with pytest.raises(KeyboardInterrupt):
        tiny_run(tiny_config(tmp_path, 8), PowerCut())
    assert list(tmp_path.glob('*/*.log'))
    tiny_run(tiny_config(tmp_path, 8), Stop(1))
    assert names(tmp_path) == ['epoch_1.pth', 'last_checkpoint']


def test_overwritten_if_asked_for(used):
    options = dict(
        default_hooks__work_folder__overwrite=True,
        load_from=str(used / 'epoch_2.pth'),
    )
    (log,) = used.glob('*/*.log')
    # Logs are named by the second, and the run before may be as young.
    log.parent.rename(used / '20260101_000000')
    logs = set(used.glob('*/*.log'))
    tiny_run(tiny_config(used, 8, **options), Stop(1))
    # What the run began with is not deleted.
    assert names(used) == ['epoch_1.pth', 'epoch_2.pth', 'last_checkpoint']
    assert find_latest_checkpoint(used) == str(used / 'epoch_1.pth')
    assert (used / 'backbone.pth').is_file()
    assert logs < set(used.glob('*/*.log'))


def test_resumed_run_goes_on_in_its_folder(used):
    (used / 'last_checkpoint').write_text(str(used / 'epoch_2.pth'))
    tiny_run(tiny_config(used, 8, resume=True, **BEST), Score(), Stop(3))
    # MMEngine deletes the best checkpoint of before: it is the run's own,
    # also in a folder that was moved.
    assert names(used)[:4] == [
        *('best_score_epoch_2.pth', 'epoch_1.pth', 'epoch_2.pth'),
        'epoch_3.pth',
    ]


def test_resumed_run_leaves_the_folder_that_it_comes_from(used, tmp_path):
    options = dict(resume=True, load_from=str(used / 'epoch_2.pth'))
    before = names(used)
    tiny_run(tiny_config(tmp_path / 'new', 8, **options, **BEST), Score())
    assert names(used) == before
    # There it goes on if it is stopped, not from the first folder again.
    with pytest.raises(StartError, match=REFUSED):
        tiny_run(tiny_config(tmp_path / 'new', 8, **options))


def test_oldest_files_of_the_run_go_alone(used):
    """Those of the other run stay, though their numbers are higher."""
    tree, files = random_tree((4, 2), 2), []
    folder = used / TREES_FOLDER
    for epoch in range(1, 5):
        files = save_of_epoch(tree, folder, epoch, files, max_keep=2)
    assert [epoch_of(f) for f in epoch_files(used, TREES_FOLDER)] == [3, 4, 8]
    assert files == epoch_files(used, TREES_FOLDER)[:2]
    files = save_of_epoch(tree, folder, 4, files, max_keep=-1)
    assert [epoch_of(f) for f in files] == [3, 4]
    assert PrototypeTree.load(files[0]).num_prototypes == (4, 2)


def refused_on(rank, folder):
    """The second process sees another disk, on which the folder is empty."""
    torch.set_num_threads(1)
    work_dir = folder if rank == 0 else f'{folder}_elsewhere'
    cfg = tiny_config(work_dir, 8, experiment_name=f'rank{rank}')
    with pytest.raises(StartError, match=REFUSED):
        tiny_run(cfg)


@pytest.mark.slow
def test_all_processes_stop(used):
    run_processes(refused_on, 2, str(used))
