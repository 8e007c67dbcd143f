"""Runs that are killed while they save, and go on."""

import os
from pathlib import Path

import pytest
import torch
from mmengine.hooks import CheckpointHook, Hook

from hirl_mm.engine.hooks import durable_checkpoint_hook
from hirl_mm.engine.runtime.found_checkpoints import latest_checkpoint
from tests.killed import die, killed, resume
from tests.tiny_runs import Stop, tiny_config, tiny_run

KEEP = dict(default_hooks__checkpoint__max_keep_ckpts=1)
BEST = dict(
    default_hooks__checkpoint__save_best='score',
    default_hooks__checkpoint__rule='greater',
)


class Score(Hook):
    """A metric that has its best value after an epoch."""

    def __init__(self, best_epoch=100):
        self.best_epoch = best_epoch

    def before_train_epoch(self, runner):
        if runner.epoch > 0:
            score = -abs(self.best_epoch - runner.epoch)
            for hook in runner.hooks:
                if isinstance(hook, CheckpointHook):
                    hook.after_val_epoch(runner, dict(score=score))


def names(folder):
    return sorted(f.name for f in folder.iterdir() if f.suffix == '.pth')


def loaded(folder, name):
    return torch.load(folder / name, weights_only=True)


def at_replacement(name, number, before):
    """Die when a file gets its name for the n-th time, or after that."""
    replace, left = os.replace, [number]

    def replace_or_die(source, target):
        left[0] -= Path(target).name == name
        if not left[0] and before:
            die()
        replace(source, target)
        if not left[0]:
            die()

    os.replace = replace_or_die


def dies_in_written_checkpoint(folder):
    """Half of the second checkpoint is there, under a temporary name."""
    write = Path.write_bytes

    def write_half(path, content):
        if path.name.startswith('.epoch_2'):
            write(path, content[: len(content) // 2])
            die()
        write(path, content)

    Path.write_bytes = write_half
    tiny_run(tiny_config(folder, 8, **KEEP))


def dies_before_the_record(folder):
    at_replacement('epoch_2.pth', 1, before=False)
    tiny_run(tiny_config(folder, 8, **KEEP))


def dies_in_the_record(folder):
    write = Path.write_text

    def write_half(path, text):
        if path.name.startswith('.last_checkpoint') and 'epoch_2' in text:
            write(path, text[:5])
            die()
        write(path, text)

    Path.write_text = write_half
    tiny_run(tiny_config(folder, 8, **KEEP))


def dies_before_the_removal(folder):
    durable_checkpoint_hook.remove = die
    tiny_run(tiny_config(folder, 8, **KEEP))


@pytest.mark.parametrize(
    ('run', 'left', 'record', 'epoch'),
    [
        (dies_in_written_checkpoint, [1], 1, 1),
        (dies_before_the_record, [1, 2], 1, 2),
        (dies_in_the_record, [1, 2], 1, 2),
        (dies_before_the_removal, [1, 2], 2, 2),
    ],
)
def test_killed_while_it_saves(run, left, record, epoch, tmp_path):
    killed(run, tmp_path)
    visible = [name for name in names(tmp_path) if name[0] != '.']
    assert visible == [f'epoch_{number}.pth' for number in left]
    last = tmp_path / 'last_checkpoint'
    assert last.read_text() == str(tmp_path / f'epoch_{record}.pth')
    assert latest_checkpoint(tmp_path) == str(tmp_path / f'epoch_{epoch}.pth')
    unfinished = [f for f in tmp_path.iterdir() if f.name.startswith('.')]
    assert len(unfinished) == (
        run in (dies_in_written_checkpoint, dies_in_the_record)
    )

    at_start = Names(tmp_path)
    notes, runner = resume(tiny_config(tmp_path, 8, **KEEP), at_start)
    assert notes == []
    # One file too many, and what was not finished, go before the training.
    assert at_start.epoch == epoch
    assert at_start.names == [f'epoch_{epoch}.pth']
    assert names(tmp_path) == ['epoch_6.pth']
    assert last.read_text() == str(tmp_path / 'epoch_6.pth')
    assert not list(tmp_path.glob('.*'))


class Names(Hook):
    """The files with which a run begins."""

    priority = 'LOWEST'

    def __init__(self, folder):
        self.folder = folder

    def before_train(self, runner):
        self.names, self.epoch = names(self.folder), runner.epoch


def dies_with_two_best(folder):
    """The better one is written, but no checkpoint knows of it."""
    at_replacement('best_score_epoch_2.pth', 1, before=False)
    tiny_run(tiny_config(folder, 8, **KEEP, **BEST), Score())


def dies_before_the_old_best_goes(folder):
    at_replacement('last_checkpoint', 4, before=False)
    tiny_run(tiny_config(folder, 8, **KEEP, **BEST), Score())


@pytest.mark.parametrize(
    'run', [dies_with_two_best, dies_before_the_old_best_goes]
)
def test_killed_while_it_saves_the_best(run, tmp_path):
    killed(run, tmp_path)
    both = ['best_score_epoch_1.pth', 'best_score_epoch_2.pth']
    assert names(tmp_path) == [*both, 'epoch_2.pth']
    at_start = Names(tmp_path)
    cfg = tiny_config(tmp_path, 8, **KEEP, **BEST)
    _, runner = resume(cfg, at_start, Score(best_epoch=2), Stop(3))
    assert at_start.names == [both[1], 'epoch_2.pth']
    # The score was -98, and is 0 when it is measured again.
    best = loaded(tmp_path, 'best_score_epoch_2.pth')
    assert best['message_hub']['runtime_info']['best_score'] == 0
    assert names(tmp_path) == [both[1], 'epoch_3.pth']
    info = loaded(tmp_path, 'epoch_3.pth')['message_hub']['runtime_info']
    assert info['best_ckpt'] == str(tmp_path / both[1])


def test_best_that_was_taken_up_is_not_beaten_by_worse(tmp_path):
    """Its score is in its own file only."""
    killed(dies_with_two_best, tmp_path)
    cfg = tiny_config(tmp_path, 8, **KEEP, **BEST)
    resume(cfg, Stop(3))
    info = loaded(tmp_path, 'epoch_3.pth')['message_hub']['runtime_info']
    assert info['best_score'] == -98
    assert info['best_ckpt'].endswith('best_score_epoch_2.pth')


def test_best_of_a_later_epoch_stays(tmp_path):
    """The user goes back to an earlier checkpoint on purpose."""
    tiny_run(tiny_config(tmp_path, 8, **BEST), Score(), Stop(4))
    cfg = tiny_config(tmp_path, 8, resume=True, **BEST)
    cfg.load_from = str(tmp_path / 'epoch_2.pth')
    at_start = Names(tmp_path)
    tiny_run(cfg, at_start, Stop(3))
    assert 'best_score_epoch_3.pth' in at_start.names
    # It is not taken for the best until then, whose file is gone.
    info = loaded(tmp_path, 'epoch_3.pth')['message_hub']['runtime_info']
    assert (info['best_score'], info['best_ckpt']) == (-98, None)


def test_best_of_other_runs_and_names_stay(tmp_path):
    killed(dies_with_two_best, tmp_path)
    other = loaded(tmp_path, 'best_score_epoch_1.pth')
    other['message_hub']['runtime_info']['experiment_name'] = 'other'
    torch.save(other, tmp_path / 'best_score_epoch_0.pth')
    os.rename(
        tmp_path / 'best_score_epoch_1.pth', tmp_path / 'best_score_mine.pth'
    )
    at_start = Names(tmp_path)
    cfg = tiny_config(tmp_path, 8, **KEEP, **BEST)
    resume(cfg, at_start, Stop(3))
    assert at_start.names[:3] == [
        *('best_score_epoch_0.pth', 'best_score_epoch_2.pth'),
        'best_score_mine.pth',
    ]


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (dict(interval=2), ['epoch_2', 'epoch_4', 'epoch_6']),
        (dict(interval=4), ['epoch_4', 'epoch_6']),
        (dict(interval=4, save_last=False), ['epoch_4']),
        (dict(max_keep_ckpts=2), ['epoch_5', 'epoch_6']),
        (dict(filename_tmpl='at_{}.pth', max_keep_ckpts=1), ['at_6']),
        (
            dict(by_epoch=False, interval=4, max_keep_ckpts=2),
            ['iter_16', 'iter_18'],
        ),
        (
            dict(save_best='auto', rule='greater', max_keep_ckpts=1),
            ['best_score_epoch_3', 'epoch_6'],
        ),
        (
            dict(save_best=['score', 'loss'], max_keep_ckpts=1)
            | dict(rule=['greater', 'less']),
            ['best_loss_epoch_5', 'best_score_epoch_3', 'epoch_6'],
        ),
    ],
)
def test_same_files_as_of_mmengine(options, expected, tmp_path):
    for kind in 'mmengine.CheckpointHook', 'hirl_mm.DurableCheckpointHook':
        folder = tmp_path / kind
        cfg = tiny_config(folder, 8)
        checkpoint = dict(type=kind, interval=1) | options
        cfg.default_hooks.checkpoint = checkpoint
        tiny_run(cfg, Scores())
        assert names(folder) == [f'{name}.pth' for name in expected]
        last = (folder / 'last_checkpoint').read_text()
        assert Path(last).name == f'{expected[-1]}.pth'


class Scores(Score):
    def before_train_epoch(self, runner):
        if runner.epoch > 0:
            score = -abs(3 - runner.epoch)
            metrics = dict(score=score, loss=-runner.epoch)
            for hook in runner.hooks:
                if isinstance(hook, CheckpointHook):
                    hook.after_val_epoch(runner, metrics)


def test_published_and_in_another_folder(tmp_path):
    options = dict(
        default_hooks__checkpoint__out_dir=str(tmp_path / 'weights'),
        default_hooks__checkpoint__published_keys=['state_dict'],
    )
    folder = tmp_path / 'run'
    tiny_run(tiny_config(folder, 8, **options), Stop(2))
    out = tmp_path / 'weights/run'
    *checkpoints, published = sorted(names(out), key=len)
    assert checkpoints == ['epoch_1.pth', 'epoch_2.pth']
    assert set(loaded(out, published)) == {'state_dict'}
    assert latest_checkpoint(folder) == str(out / 'epoch_2.pth')
    (folder / 'last_checkpoint').unlink()
    _, runner = resume(tiny_config(folder, 8, **options), Stop(3))
    assert 'epoch_3.pth' in names(out) and names(folder) == []
