"""tools/train.py stopped by signals, as a cluster sends them."""

import os
import re
import signal
import subprocess
import sys

import pytest
import torch

from hirl_mm.engine.runtime.found_checkpoints import latest_checkpoint
from hirl_mm.engine.runtime.stop_signals import REQUEUE_STATUS
from tests.runs import ROOT, small_config
from tests.training_tool import train

# Iterations per epoch of 96 images.
LENGTH = 12


@pytest.fixture
def config(digits, tmp_path):
    cfg = small_config(digits, tmp_path / 'unused', epochs=400)
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root, part.indices = str(digits), 20
    cfg.pop('work_dir'), cfg.pop('experiment_name')
    cfg.train_dataloader.batch_size = 96 // LENGTH
    cfg.train_dataloader.num_workers = 2
    cfg.default_hooks.checkpoint.update(interval=1000, max_keep_ckpts=1)
    cfg.log_level = 'INFO'
    cfg.dump(tmp_path / 'config.py')
    return tmp_path / 'config.py'


def stopped(number, epoch, config, folder, *options):
    """Send a signal to all processes of a training in an epoch.

    Returns:
        The lines that it wrote to stderr.
    """
    process = subprocess.Popen(
        [sys.executable, 'tools/train.py', config, '--work-dir', folder]
        + list(options),
        cwd=ROOT,
        env=os.environ | dict(OMP_NUM_THREADS='1'),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if re.search(rf'Epoch\(train\) +\[{epoch}\]\[ *4/{LENGTH}\]', line):
            os.killpg(process.pid, number)
            break
    _, err = process.communicate()
    assert process.returncode == REQUEUE_STATUS, err[-3000:]
    return err.splitlines()


def test_stopped_twice_and_trained_to_the_end(config, tmp_path):
    folder, position = tmp_path / 'run', (0, 0)
    for number, epoch, options in (
        (signal.SIGTERM, 2, ()),
        (signal.SIGUSR1, 3, ('--resume',)),
    ):
        err = stopped(number, epoch, config, folder, *options)
        checkpoint = latest_checkpoint(folder)
        assert err[-1] == (
            f'stopped by {number.name} {said_where(checkpoint)}, with the '
            f'checkpoint {checkpoint}. --resume continues the run'
        )
        assert [str(f) for f in folder.glob('*.pth')] == [checkpoint]
        meta = torch.load(checkpoint, weights_only=True)['meta']
        before, position = position, (meta['epoch'], meta['iter'])
        assert position > before
        assert meta['iter'] // LENGTH == meta['epoch'] > 0
    epochs = position[0] + 1
    log = train(
        *(config, folder, '--resume'),
        *('--cfg-options', f'train_cfg.max_epochs={epochs}'),
    )
    assert f'resumed epoch: {position[0]}' in log
    names = [file.name for file in folder.glob('*.pth')]
    assert names == [f'epoch_{epochs}.pth']
    assert list((folder / 'prototype_trees').glob(f'epoch_{epochs}.pth'))


def said_where(checkpoint):
    kind, number = re.search(r'(\w+)_(\d+)\.pth', checkpoint).groups()
    name = dict(iter='iteration', epoch='epoch')[kind]
    return f'after {name} {number}'
