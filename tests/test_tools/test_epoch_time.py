"""Real runs of both arms, timed by the hook, and the tool as a process."""

import json
import shutil
import time

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.engine.hooks import epoch_time_hook
from hirl_mm.studies.epoch_times import (
    PARTS,
    first_to_compare,
    mean_epoch,
    paper_table,
    read_epochs,
    time_table,
)
from hirl_mm.visualization.epoch_bars import draw_epoch_bars
from tests.image_folders import contents
from tests.runs import name_logs_apart, run, small_config
from tests.tool_process import run_tool

EPOCHS = 3


class Turns(Hook):
    """A clock that stands still but in hooks, by another step in each."""

    now = 0

    def before_train_epoch(self, runner):
        self.now += 1000

    def before_train_iter(self, runner, batch_idx, data_batch):
        self.now += 100

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.now += 10

    def after_train_epoch(self, runner):
        self.now += 1

    def perf_counter(self):
        return self.now


class Clock(Hook):
    """Seconds from the beginning of a run to the end of its last epoch."""

    def __init__(self, priority):
        self.priority = priority

    def before_train(self, runner):
        self.began = time.perf_counter()

    def after_train_epoch(self, runner):
        self.ended = time.perf_counter()


def timed(cfg):
    cfg.default_hooks.epoch_time = dict(type='hirl_mm.EpochTimeHook')
    return cfg


@pytest.fixture(scope='module')
def runs(digits, tmp_path_factory):
    """Folder and clocks of both arms; HIRL's trees begin with epoch 2."""
    found = {}
    for name, hirl in dict(plain=False, hirl=True).items():
        folder = tmp_path_factory.mktemp('runs') / name
        cfg = timed(small_config(digits, folder, hirl=hirl, epochs=EPOCHS))
        runner = Runner.from_cfg(cfg)
        # Before and after the EpochTimeHook, which is among the last.
        clocks = Clock('VERY_LOW'), Clock('LOWEST')
        for clock in clocks:
            runner.register_hook(clock, clock.priority)
        runner.train()
        found[name] = folder, clocks
    return found


@pytest.mark.parametrize('name', ['plain', 'hirl'])
def test_parts_make_the_whole(name, runs):
    folder, (early, late) = runs[name]
    epochs = read_epochs(folder)
    assert list(epochs) == [1, 2, 3]
    total = sum(sum(parts.values()) for parts in epochs.values())
    assert early.ended - late.began <= total <= late.ended - early.began
    for parts in epochs.values():
        assert all(value >= 0 for value in parts.values())


def test_parts_are_told_apart(digits, tmp_path, monkeypatch):
    clock = Turns()
    monkeypatch.setattr(epoch_time_hook, 'time', clock)
    cfg = timed(small_config(digits, tmp_path, hirl=False))
    runner = Runner.from_cfg(cfg)
    runner.register_hook(clock)
    runner.train()
    parts = dict(data=300, steps=30, checkpoint=1, other=1000)
    assert read_epochs(tmp_path) == {1: parts, 2: parts}


def test_trees_are_of_the_arm_that_builds_them(runs):
    for parts in read_epochs(runs['plain'][0]).values():
        assert parts.keys() == {'data', 'steps', 'checkpoint', 'other'}
    epochs = read_epochs(runs['hirl'][0])
    assert 'features' not in epochs[1]
    for epoch in (2, 3):
        assert epochs[epoch]['features'] > 0
        assert epochs[epoch]['clustering'] > 0


def test_tool(runs, tmp_path):
    folders = [str(folder) for folder, _ in runs.values()]
    out = tmp_path / 'times.png'
    done = run_tool('epoch_time', *folders, '--out', out)
    assert done.returncode == 0, done.stdout
    assert 'from epoch 2 on' in done.stdout
    assert out.read_bytes().startswith(b'\x89PNG')
    content = json.loads(out.with_suffix('.json').read_text())
    assert content['facts']['first_epoch'] == 2
    read = [read_epochs(folder) for folder, _ in runs.values()]
    means = {
        name: mean_epoch(epochs, 2, name)
        for name, epochs in zip(folders, read, strict=True)
    }
    assert time_table(means) in done.stdout
    assert time_table(means) in out.with_suffix('.md').read_text()
    assert content['runs'] == means
    assert paper_table() in done.stdout.split('Table 6')[1]
    done = run_tool('epoch_time', *folders, '--first-epoch', 1)
    assert 'from epoch 1 on' in done.stdout
    done = run_tool('epoch_time', *folders, '--first-epoch', 4)
    assert done.returncode == 1
    line = done.stdout.splitlines()[-1]
    assert line.startswith(f'error: {folders[0]} ends after epoch 3')


def test_resumed_run_counts_what_was_trained_last(digits, tmp_path):
    for epochs in (2, 3):
        cfg = timed(small_config(digits, tmp_path, epochs=epochs))
        cfg.resume = epochs == 3
        if cfg.resume:
            name_logs_apart()
        run(cfg)
    logs = sorted(tmp_path.glob('*/vis_data/scalars.json'))
    assert len(logs) == 2
    assert list(read_epochs(tmp_path)) == [1, 2, 3]


def write_log(work_dir, stamp, *scalars, end=''):
    log = work_dir / stamp / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    lines = ''.join(json.dumps(line) + '\n' for line in scalars)
    log.write_text(lines + end)


def epoch(step, before, data=1.0, steps=2.0, after=0.5):
    parts = dict(before=before, data=data, steps=steps, after=after)
    named = {f'epoch/seconds_{name}': value for name, value in parts.items()}
    return named | dict(step=step)


def tree(step, extract, cluster):
    seconds = dict(extract=extract, cluster=cluster)
    named = {f'hirl/seconds_{name}': value for name, value in seconds.items()}
    return named | {'hirl/level0_K': 12, 'step': step}


def test_killed_run(tmp_path):
    """Epoch 2 was stopped after its tree, epoch 3 was trained twice."""
    noise = dict(loss=3.0, time=0.1, data_time=0.1, step=2)
    write_log(
        *(tmp_path, '20260102_000000'),
        *(noise, epoch(1, 0.0), tree(2, 5.0, 4.0)),
        end='{"epoch/seconds_ste',
    )
    write_log(
        *(tmp_path, '20260103_000000'),
        *(tree(2, 3.0, 1.0), epoch(2, 4.5), tree(3, 9.0, 9.0), epoch(3, 20)),
    )
    write_log(tmp_path, '20260104_000000', tree(3, 2.0, 1.5), epoch(3, 3.75))
    rest = dict(data=1.0, steps=2.0, checkpoint=0.5)
    assert read_epochs(tmp_path) == {
        1: rest | dict(other=0.0),
        2: rest | dict(features=3.0, clustering=1.0, other=0.5),
        3: rest | dict(features=2.0, clustering=1.5, other=0.25),
    }


def test_table_by_hand():
    every = dict.fromkeys(('data', 'steps', 'checkpoint'), 1.0)
    runs = dict(
        a={n: every | dict(other=1.0) for n in (1, 2, 3)},
        b={
            1: every | dict(other=9.0),
            2: every | dict(features=3.0, clustering=1.0, other=0.0),
            3: every | dict(other=0.0),
        },
    )
    assert first_to_compare(runs) == 2
    assert first_to_compare(dict(a=runs['a'])) == 1
    late = {5: runs['b'][2], 6: runs['b'][2]}
    assert first_to_compare(runs | dict(late=late)) == 5
    means = {n: mean_epoch(epochs, 2, n) for n, epochs in runs.items()}
    assert tuple(means['b']) == PARTS
    cells = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in time_table(means).splitlines()
    ]
    assert cells[0] == ['run', *PARTS, 'total', 'ratio']
    first = ['a', '1.00', '1.00', '-', '-', '1.00', '1.00', '4.00', '1.000']
    second = ['b', '1.00', '1.00', '1.50', '0.50', '1.00', '-']
    assert cells[2:] == [first, [*second, '5.00', '1.250']]
    with pytest.raises(ValueError, match='b ends after epoch 3.* from 4 on'):
        mean_epoch(runs['b'], 4, 'b')


def test_paper():
    """Table 6, and ratios by hand."""
    cells = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in paper_table().splitlines()[2:]
    ]
    assert cells == [
        ['MoCo v2', '128', '13:39', '17:30', '1.282'],
        ['SimSiam', '2048', '12:09', '21:10', '1.742'],
        ['SwAV', '128', '6:03', '8:15', '1.364'],
        ['MoCo v3', '256', '3:58', '6:30', '1.639'],
        ['DINO', '256', '13:00', '16:09', '1.242'],
        ['iBOT', '256', '13:06', '16:10', '1.234'],
    ]


def test_run_without_the_hook(runs, tmp_path):
    shutil.copytree(runs['plain'][0], tmp_path / 'run')
    (log,) = tmp_path.glob('run/*/vis_data/scalars.json')
    lines = [s for s in log.read_text().splitlines() if 'seconds' not in s]
    log.write_text('\n'.join(lines) + '\n')
    for folder in (tmp_path / 'run', tmp_path / 'gone'):
        with pytest.raises(ValueError, match='type=hirl_mm.EpochTimeHook'):
            read_epochs(folder)


def test_training_that_counts_iterations(digits, tmp_path):
    cfg = timed(small_config(digits, tmp_path, hirl=False))
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
    with pytest.raises(ValueError, match='EpochTimeHook times epochs'):
        run(cfg)


def test_bars(tmp_path):
    means = dict(a=dict(x=1.0, y=2.0), b=dict(x=3.0, y=0.0))
    draw_epoch_bars(means, tmp_path / 'bars.svg')
    assert '<svg' in (tmp_path / 'bars.svg').read_text()
    with pytest.raises(ValueError, match='xyz'):
        draw_epoch_bars(means, tmp_path / 'bars.xyz')
    assert list(contents(tmp_path)) == ['bars.svg']
