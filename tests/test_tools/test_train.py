"""The training tool as its users start it: real processes."""

import re
import subprocess
import sys
import time

import pytest
import torch

from hirl_mm.structures import PrototypeTree
from tests.processes import HANGS_AFTER
from tests.runs import ROOT, small_config
from tests.test_engine.test_hooks.test_hierarchical_kmeans_hook import (
    assert_same_tree,
)
from tests.tool_process import run_tool
from tests.training_tool import start, train


@pytest.fixture(scope='module')
def config(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp('config')
    cfg = small_config(digits, folder, epochs=2)
    cfg.pop('work_dir')
    cfg.log_level = 'INFO'
    cfg.dump(folder / 'small.py')
    return folder / 'small.py'


def test_train_stop_and_resume(config, tmp_path):
    log = train(config, tmp_path)
    assert 'HIRL tree of epoch 2' in log
    assert re.search(r'Epoch\(train\) +\[2\]\[3/3\].* eta: .*loss_spd', log)
    more = '--cfg-options', 'train_cfg.max_epochs=3'
    log = train(config, tmp_path, '--resume', *more)
    assert 'resumed epoch: 2' in log
    assert not re.search(r'Epoch\(train\) +\[2\]', log)
    assert (tmp_path / 'prototype_trees/epoch_3.pth').is_file()
    last = torch.load(tmp_path / 'epoch_3.pth', weights_only=False)
    assert last['meta']['epoch'] == 3


def test_killed_run_goes_on_where_it_was(config, warm_python, tmp_path):
    command = warm_python, ROOT / 'tools/train.py', config
    options = '--cfg-options', 'train_cfg.max_epochs=4'
    process = subprocess.Popen(
        [*command, '--work-dir', tmp_path, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + HANGS_AFTER
    while not (tmp_path / 'epoch_2.pth').exists():
        assert process.poll() is None, 'the run ended by itself'
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    log = train(config, tmp_path, '--resume', *options)
    resumed = int(re.search(r'resumed epoch: (\d)', log)[1])
    assert resumed in (1, 2, 3)
    assert f'HIRL tree of epoch {resumed + 1}' in log
    assert f'HIRL tree of epoch {resumed}:' not in log
    assert (tmp_path / 'epoch_4.pth').is_file()


def test_two_processes_build_the_tree_of_one(config, tmp_path):
    """At the start of training, where both have the same weights."""
    options = (
        '--cfg-options',
        'default_hooks.kmeans.start_epoch=0',
        'train_cfg.max_epochs=1',
        'train_dataloader.batch_size=16',
    )
    train(config, tmp_path / 'one', *options)
    run = start(
        *('bash', ROOT / 'tools/dist_train.sh', config, 2),
        *('--work-dir', tmp_path / 'two', *options),
    )
    assert run.returncode == 0, run.stdout[-3000:]
    one, two = (
        PrototypeTree.load(tmp_path / name / 'prototype_trees/epoch_1.pth')
        for name in ('one', 'two')
    )
    assert_same_tree(one, two)
    checkpoint = torch.load(tmp_path / 'two/epoch_1.pth', weights_only=False)
    assert_same_tree(
        PrototypeTree.from_state_dict(checkpoint['prototype_tree']), one
    )
    assert checkpoint['state_dict']['queue_ptr'].item() == 96

    # One process goes on with the run of two, in twice as many steps.
    options = [*options[:-2], 'train_cfg.max_epochs=2', options[-1]]
    log = train(config, tmp_path / 'two', '--resume', *options)
    assert '(3 per epoch) of the checkpoint is iteration 6 of 12 (6 per' in (
        log
    )
    checkpoint = torch.load(tmp_path / 'two/epoch_2.pth', weights_only=False)
    assert checkpoint['meta']['iter'] == 12


@pytest.mark.skipif(torch.cuda.is_available(), reason='needs no GPU')
def test_mixed_precision_without_an_accelerator(config, tmp_path):
    run = run_tool('train', config, '--amp', '--work-dir', tmp_path)
    assert run.returncode
    assert run.stdout.strip() == (
        'error: --amp needs an accelerator, and PyTorch finds none'
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason='needs no GPU')
def test_recipe_with_mixed_precision_without_an_accelerator(config, tmp_path):
    options = (
        'optim_wrapper.type=AmpOptimWrapper',
        'optim_wrapper.loss_scale=dynamic',
        'optim_wrapper.dtype=bfloat16',
        'train_cfg.max_epochs=1',
        'default_hooks.kmeans.start_epoch=0',
    )
    log = train(config, tmp_path, '--cfg-options', *options)
    assert 'no accelerator: the mixed precision of the config is off' in log
    assert (tmp_path / 'epoch_1.pth').is_file()


def test_missing_config(tmp_path):
    run = run_tool('train', tmp_path / 'no.py')
    assert run.returncode == 2
    assert 'there is no config file' in run.stdout


def test_help_explains():
    run = start(sys.executable, ROOT / 'tools/train.py', '--help')
    assert run.returncode == 0
    for option in ('--work-dir', '--resume', '--amp', '--cfg-options'):
        assert option in run.stdout
