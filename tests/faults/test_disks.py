"""Trainings whose work folder is removed, and whose disk is full or broken."""

import os
import re
import shutil
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from hirl_mm.engine.runtime.brief_runner import BriefRunner
from hirl_mm.engine.runtime.found_checkpoints import latest_checkpoint
from hirl_mm.files import FullDiskError
from tests.disks import fill, grow, read_only, small_disk
from tests.logged import lines_of
from tests.runs import run, small_config
from tests.tiny_runs import EPOCHS, tiny_config
from tests.tool_process import run_tool

from .trainings import write_config

KEEP = dict(default_hooks__checkpoint__max_keep_ckpts=1)


class At(Hook):
    """Do something before the second step of the fourth epoch."""

    priority = 'VERY_HIGH'

    def __init__(self, act):
        self.act = act

    def before_train_iter(self, runner, batch_idx, data_batch):
        if (runner.epoch, batch_idx) == (3, 1):
            self.act()


def train(work_dir, *hooks, **options):
    """Train, as the tool does, and return the Runner and the lines."""
    cfg = tiny_config(work_dir, 8, **KEEP | options)
    runner = BriefRunner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    with lines_of(runner.logger) as lines:
        runner.train()
    return runner, lines


def finish(work_dir):
    """Resume, as the tool does, and return what is left and the weights."""
    source = latest_checkpoint(work_dir)
    runner, _ = train(work_dir, resume=True, load_from=source)
    return Path(source).name, runner.model.state_dict()


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Weights of a training that is left alone."""
    runner, _ = train(tmp_path_factory.mktemp('whole'))
    return runner.model.state_dict()


def names(folder):
    return {f.name for f in folder.iterdir() if f.suffix == '.pth'}


class Look(Hook):
    """Notes the checkpoints of a folder after every epoch."""

    priority = 'LOWEST'

    def __init__(self, folder):
        self.folder, self.seen = folder, []

    def after_train_epoch(self, runner):
        self.seen.append(names(self.folder))


@pytest.mark.parametrize('interval', [1, 3])
def test_the_work_folder_is_removed(interval, weights, tmp_path):
    """It is made again, and has a checkpoint after the same epoch."""
    work_dir = tmp_path / 'run'
    look = Look(work_dir)
    runner, lines = train(
        work_dir,
        At(lambda: shutil.rmtree(work_dir)),
        look,
        log_level='INFO',
        default_hooks__checkpoint__interval=interval,
    )
    torch.testing.assert_close(
        runner.model.state_dict(), weights, rtol=0, atol=0
    )
    assert look.seen[3] == {'epoch_4.pth'}
    assert latest_checkpoint(work_dir) == f'{work_dir}/epoch_{EPOCHS}.pth'
    old = work_dir / 'epoch_3.pth'
    assert f'the log file {log_of(work_dir)} was removed' in ' '.join(lines)
    if interval == 3:
        assert (
            f'the last checkpoint {old} was removed: a new one is saved after '
            'epoch 4'
        ) in lines
    assert 'Epoch(train) [6]' in log_of(work_dir).read_text()
    (scalars,) = work_dir.glob('*/vis_data/scalars.json')
    assert len(scalars.read_text().splitlines()) == 3


def log_of(work_dir):
    (file,) = work_dir.glob('*/*.log')
    return file


def test_the_last_checkpoint_is_removed(tmp_path):
    look, file = Look(tmp_path), tmp_path / 'epoch_3.pth'
    _, lines = train(
        *(tmp_path, At(file.unlink), look),
        default_hooks__checkpoint__interval=3,
    )
    assert look.seen[2:5] == [
        {'epoch_3.pth'},
        {'epoch_4.pth'},
        {'epoch_4.pth'},
    ]
    assert (
        f'the last checkpoint {file} was removed: a new one is saved after '
        'epoch 4'
    ) in lines


def test_a_checkpoint_of_another_folder_is_not_missed(tmp_path):
    """A run that was resumed elsewhere keeps to its interval."""
    train(tmp_path / 'first', train_cfg__max_epochs=2)
    source = str(tmp_path / 'first/epoch_2.pth')
    work_dir = tmp_path / 'second'
    train(
        *(work_dir, At(lambda: shutil.rmtree(tmp_path / 'first'))),
        resume=True,
        load_from=source,
        default_hooks__checkpoint__interval=6,
        default_hooks__checkpoint__max_keep_ckpts=-1,
    )
    assert names(work_dir) == {'epoch_6.pth'}


@pytest.mark.parametrize('left', [0, 8192])
def test_the_disk_is_full_for_a_checkpoint(left, weights, tmp_path):
    with small_disk(tmp_path / 'disk', '2m') as disk:
        filled, work_dir = [], disk / 'run'
        with pytest.raises(FullDiskError) as raised:
            train(
                *(work_dir, At(lambda: filled.append(fill(disk, left)))),
                default_hooks__logger=None,
            )
        assert re.fullmatch(
            f'No space left on device for {work_dir}/epoch_4.pth: it needs '
            rf'0.0\d MB, and {left / 1e6:.2f} MB were free. Free some space, '
            'or choose a folder on another disk',
            str(raised.value),
        )
        assert names(work_dir) == {'epoch_3.pth'}
        filled[0].unlink()
        source, found = finish(work_dir)
        assert source == 'epoch_3.pth'
        assert names(work_dir) == {f'epoch_{EPOCHS}.pth'}
    torch.testing.assert_close(found, weights, rtol=0, atol=0)


def test_the_disk_is_full_for_the_record(weights, tmp_path, monkeypatch):
    """The new checkpoint is there, and the old one is not removed."""
    with small_disk(tmp_path / 'disk', '2m') as disk:
        filled, work_dir, replace = [], disk / 'run', os.replace

        def fill_first(source, target):
            if Path(target).name == 'epoch_4.pth':
                filled.append(fill(disk))
            replace(source, target)

        monkeypatch.setattr(os, 'replace', fill_first)
        with pytest.raises(FullDiskError, match=f'{work_dir}/last_checkpoint'):
            train(work_dir)
        monkeypatch.undo()
        assert names(work_dir) == {'epoch_3.pth', 'epoch_4.pth'}
        assert not [*work_dir.glob('.*')]
        filled[0].unlink()
        source, found = finish(work_dir)
        assert source == 'epoch_4.pth'
        assert names(work_dir) == {f'epoch_{EPOCHS}.pth'}
    torch.testing.assert_close(found, weights, rtol=0, atol=0)


def test_the_disk_is_full_at_the_start(tmp_path):
    """Configs are not written by halves."""
    with small_disk(tmp_path / 'disk', '2m') as disk:
        filled = fill(disk)
        with pytest.raises(FullDiskError, match='for .*/vis_data/config.py: '):
            train(disk / 'run')
        assert not [*disk.rglob('*.py')]
        filled.unlink()
        runner, _ = train(disk / 'other', train_cfg__max_epochs=1)
        (config,) = (disk / 'other').glob('*.py')
        text = config.read_text()
        fill(disk)
        with pytest.raises(FullDiskError, match=f'for {config}: '):
            runner.dump_config()
        assert config.read_text() == text


@pytest.mark.parametrize('logs', [True, False])
def test_the_disk_is_read_only(logs, weights, tmp_path):
    """Where the log is written first, or the checkpoint."""
    work_dir = tmp_path / 'run'
    options = {} if logs else dict(default_hooks__logger=None)
    with ExitStack() as stack:
        act = partial(stack.enter_context, read_only(work_dir))
        with pytest.raises(OSError) as raised:
            train(work_dir, At(act), **options)
    file = r'\S+/vis_data/\S+.json' if logs else 'epoch_4.pth'
    assert re.fullmatch(
        rf"\[Errno 30\] Read-only file system: '{work_dir}/{file}'",
        str(raised.value),
    )
    source, found = finish(work_dir)
    assert source == 'epoch_3.pth'
    torch.testing.assert_close(found, weights, rtol=0, atol=0)


def test_a_file_in_place_of_the_work_folder(tmp_path):
    work_dir = tmp_path / 'run'

    def act():
        shutil.rmtree(work_dir)
        work_dir.write_text('')

    with pytest.raises(NotADirectoryError, match=f'Not a dir.*{work_dir}/'):
        train(work_dir, At(act))


def test_the_disk_is_full_for_a_tree(digits, tmp_path):
    class Fill(Hook):
        def after_train_epoch(self, runner):
            self.file = fill(disk, 4096)

    with small_disk(tmp_path / 'disk', '20m') as disk:
        cfg = small_config(digits, disk / 'run')
        hook = Fill()
        tree = f'{disk}/run/prototype_trees/epoch_2.pth'
        with pytest.raises(FullDiskError, match=f'for {tree}: it needs more'):
            run(cfg, hook)
        assert not [*(disk / 'run/prototype_trees').iterdir()]
        hook.file.unlink()
        cfg = small_config(digits, disk / 'run')
        cfg.resume, cfg.load_from = True, f'{disk}/run/epoch_1.pth'
        run(cfg)
        assert Path(tree).is_file()


def test_what_a_user_sees(digits, tmp_path):
    """One sentence, behind the lines of the log."""
    config = write_config('mocov2', digits, tmp_path / 'config.py')
    with small_disk(tmp_path / 'disk', '6m') as disk:
        words = 'train', config, '--work-dir', disk / 'run'
        done = run_tool(*words)
        assert done.returncode == 1
        *lines, last = done.stdout.splitlines()
        assert last.startswith(
            f'error: No space left on device for {disk}/run/epoch_2.pth: it '
            'needs '
        )
        assert names(disk / 'run') == {'epoch_1.pth'}
        assert not [x for x in lines if 'Traceback' in x or 'Error' in x]
        assert not [*(disk / 'run').glob('.*')]
        grow(disk, '60m')
        done = run_tool(*words, '--resume')
        assert done.returncode == 0, done.stdout[-2000:]
        assert names(disk / 'run') == {'epoch_4.pth'}
