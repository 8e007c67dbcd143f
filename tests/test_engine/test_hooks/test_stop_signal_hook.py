"""Trainings that a signal stops, and that go on."""

import multiprocessing
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from torch.utils.data import DataLoader

from hirl_mm.engine.checks.errors import StoppedBySignal
from hirl_mm.engine.hooks import StopSignalHook
from hirl_mm.engine.runtime.stop_signals import stop_signals
from tests.killed import resume
from tests.processes import HANGS_AFTER, run_processes
from tests.tiny_runs import tiny_config, tiny_run

# Iterations per epoch of 24 images.
LENGTH = 6


class Signal(Hook):
    """Send a signal to this process before an iteration."""

    priority = 'VERY_LOW'

    def __init__(self, before, number=signal.SIGTERM):
        self.before, self.number = before, number

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 == self.before:
            os.kill(os.getpid(), self.number)


class SignalAtStart(Hook):
    priority = 'VERY_HIGH'

    def before_train(self, runner):
        stop_signals.listen()
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(autouse=True)
def as_before():
    """A signal does to the process of the tests what it did."""
    before = [signal.getsignal(number) for number in (15, 10)]
    yield
    stop_signals.close()
    assert [signal.getsignal(number) for number in (15, 10)] == before


def checkpoints(folder):
    return sorted(file.name for file in folder.glob('*.pth'))


def config(folder, **options):
    return tiny_config(folder, 24 // LENGTH, **options)


def stopped(cfg, *hooks):
    with pytest.raises(StoppedBySignal) as error:
        tiny_run(cfg, *hooks)
    assert not stop_signals.is_listening
    return str(error.value)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGUSR1])
def test_inside_an_epoch(number, tmp_path):
    said = stopped(config(tmp_path), Signal(LENGTH + 2, number))
    file = tmp_path / f'iter_{LENGTH + 2}.pth'
    assert said == (
        f'stopped by {number.name} after iteration {LENGTH + 2}, with the '
        f'checkpoint {file}. --resume continues the run'
    )
    assert checkpoints(tmp_path) == ['epoch_1.pth', file.name]
    assert (tmp_path / 'last_checkpoint').read_text() == str(file)
    meta = torch.load(file, weights_only=True)['meta']
    assert (meta['epoch'], meta['iter']) == (1, LENGTH + 2)

    # Stopped once more, later: there is one checkpoint inside an epoch.
    cfg = config(tmp_path, default_hooks__checkpoint__interval=3)
    cfg.resume = True
    said = stopped(cfg, Signal(2 * LENGTH + 2))
    assert checkpoints(tmp_path) == [
        'epoch_1.pth',
        f'iter_{2 * LENGTH + 2}.pth',
    ]
    resume(config(tmp_path))
    assert checkpoints(tmp_path) == [
        f'epoch_{epoch}.pth' for epoch in (1, 3, 4, 5, 6)
    ]


@pytest.mark.parametrize('interval', [1, 4])
def test_after_an_epoch(interval, tmp_path):
    """Its checkpoint, whether it is due or not, and no other one."""
    options = dict(default_hooks__checkpoint__interval=interval)
    said = stopped(config(tmp_path, **options), Signal(LENGTH))
    assert 'stopped by SIGTERM after epoch 1, with the ch' in said
    assert checkpoints(tmp_path) == ['epoch_1.pth']
    meta = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['meta']
    assert (meta['epoch'], meta['iter']) == (1, LENGTH)
    _, runner = resume(config(tmp_path, **options))
    assert checkpoints(tmp_path)[-1] == 'epoch_6.pth'


def test_before_the_first_iteration(tmp_path):
    said = stopped(config(tmp_path), SignalAtStart())
    assert 'stopped by SIGTERM before iteration 1. --resume' in said
    assert checkpoints(tmp_path) == []


@pytest.mark.parametrize('epochs', [True, False])
def test_a_training_that_is_at_its_end_ends(epochs, tmp_path):
    cfg = config(tmp_path)
    if not epochs:
        count_iterations(cfg, 36)
    tiny_run(cfg, Signal(36))
    assert not stop_signals.is_listening


def count_iterations(cfg, num, **checkpoint):
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=num)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint.update(by_epoch=False, **checkpoint)


@pytest.mark.parametrize('interval', [5, 7])
def test_trainings_that_count_iterations(interval, tmp_path):
    cfg = config(tmp_path)
    count_iterations(cfg, 12, interval=interval, max_keep_ckpts=2)
    stopped(cfg, Signal(7))
    regular = [5] if interval == 5 else []
    expected = sorted({f'iter_{i}.pth' for i in (*regular, 7)})
    assert checkpoints(tmp_path) == expected
    meta = torch.load(tmp_path / 'iter_7.pth', weights_only=True)['meta']
    assert (meta['epoch'], meta['iter']) == (0, 7)
    cfg = config(tmp_path)
    count_iterations(cfg, 12, interval=interval, max_keep_ckpts=2)
    resume(cfg)
    kept = (10, 12) if interval == 5 else (12, 7)
    assert checkpoints(tmp_path) == [f'iter_{i}.pth' for i in kept]


def test_run_with_another_checkpoint_hook(tmp_path):
    cfg = config(tmp_path)
    cfg.default_hooks.checkpoint.type = 'mmengine.CheckpointHook'
    said = stopped(cfg, Signal(LENGTH + 2))
    assert 'without a checkpoint, because the run has no Durable' in said
    assert checkpoints(tmp_path) == ['epoch_1.pth']


def test_interval():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        StopSignalHook(interval=0)


def stopped_together(rank, folder):
    """The signal comes to the second process, before iteration 7."""
    cfg = config(folder, experiment_name=f'rank{rank}')
    cfg.default_hooks.stop_signal.interval = 4
    cfg.train_dataloader.batch_size = 2
    said = stopped(cfg, *([Signal(LENGTH + 1)] if rank else []))
    name = 'SIGTERM' if rank else 'a signal to another process'
    assert said.startswith(f'stopped by {name} after iteration 8, with the ')
    assert Path(folder, 'iter_8.pth').is_file()


def test_several_processes_stop_after_the_same_iteration(tmp_path):
    run_processes(stopped_together, 2, str(tmp_path))


class Slow(torch.utils.data.Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, index):
        time.sleep(0.02)
        return index


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGUSR1])
def test_workers_leave_signals_to_their_parent(number):
    stop_signals.listen()
    loader = iter(DataLoader(Slow(), num_workers=2, batch_size=2))
    seen = next(loader).tolist()
    for worker in loader._workers:
        # Sent by another process than their parent.
        words = 'kill', f'-{int(number)}', str(worker.pid)
        subprocess.run(words, check=True)
    for batch in loader:
        seen += batch.tolist()
    assert seen == list(range(40))
    assert stop_signals.received is None


def test_workers_end_if_their_parent_asks():
    stop_signals.listen()
    loader = iter(DataLoader(Slow(), num_workers=1, batch_size=2))
    next(loader)
    (worker,) = loader._workers
    worker.terminate()
    worker.join(HANGS_AFTER)
    assert worker.exitcode == 0


def test_other_processes_are_left_alone():
    context = multiprocessing.get_context('fork')
    process = context.Process(target=time.sleep, args=(HANGS_AFTER,))
    process.start()
    os.kill(process.pid, signal.SIGUSR1)
    process.join(HANGS_AFTER)
    assert process.exitcode == -signal.SIGUSR1
