"""Checkpoints that other programs load, and runs that go on from them."""

import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.hooks import CheckpointHook, Hook
from mmengine.logging import HistoryBuffer

from hirl_mm.checkpoints.portable import LOG_KEY, make_portable, restore_log
from hirl_mm.engine.hooks import PortableCheckpointHook
from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from tests.processes import HANGS_AFTER
from tests.runs import ROOT, run, small_config
from tests.stock_programs import classifier_runner


class Logs(Hook):
    """The log as it is before it is saved, and where training begins."""

    def __init__(self):
        self.saved = []

    def before_save_checkpoint(self, runner, checkpoint):
        self.saved.append(columns(checkpoint['message_hub']['log_scalars']))

    def before_train(self, runner):
        self.before = columns(runner.message_hub.log_scalars)


def columns(log_scalars):
    return {
        name: [(column.dtype, column.tolist()) for column in history.data]
        for name, history in log_scalars.items()
    }


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    """Folder of a run of two epochs, and its logs."""
    logs, folder = Logs(), tmp_path_factory.mktemp('run')
    cfg = small_config(digits, folder, epochs=2)
    run(cfg, logs)
    return folder, logs.saved


def test_a_resumed_run_has_the_log_of_the_first(whole, digits, tmp_path):
    """All of it, as windows of any length need it, and then its own."""
    folder, saved = whole
    cfg = small_config(digits, tmp_path, epochs=3)
    cfg.resume, cfg.load_from = True, str(folder / 'epoch_2.pth')
    logs = Logs()
    runner = run(cfg, logs)
    assert logs.before == saved[1]
    assert len(saved[0]['train/loss'][0][1]) == 3
    assert len(saved[1]['train/loss'][0][1]) == 6
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 9


def test_programs_without_this_package(whole, tmp_path):
    """MMDetection and MMPreTrain alone load and resume such files."""
    runner = classifier_runner(1, tmp_path / 'first')
    runner.register_hook(PortableCheckpointHook())
    runner.register_hook(CheckpointHook(), priority='VERY_LOW')
    runner.train()
    done = subprocess.run(
        [
            *(sys.executable, '-W', 'ignore', 'tests/stock_programs.py'),
            whole[0] / 'epoch_2.pth',
            *(tmp_path / 'first/epoch_1.pth', tmp_path),
        ],
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == 'False'


def test_detectors_and_classifiers_of_the_tools_have_the_hook(tmp_path):
    """Their configs need not name a hook of this package."""
    cfg = Config(dict(default_hooks=dict()))
    add_standard_hooks(cfg, training=True)
    runner = classifier_runner(
        1,
        tmp_path,
        custom_hooks=[
            *cfg.default_hooks.values(),
            dict(type='CheckpointHook', interval=1),
        ],
    )
    runner.train()
    checkpoint = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    assert set(checkpoint[LOG_KEY]) >= {'train/loss', 'train/lr'}
    assert checkpoint['meta']['backbone']['style'] == ['pytorch']


class Unusual(NamedTuple):
    number: np.float32
    path: Path


def test_what_becomes_plain(tmp_path):
    weights = OrderedDict(w=torch.ones(2))
    history = HistoryBuffer([0.1, 0.2], [1, 3])
    checkpoint = dict(
        state_dict=weights,
        meta=dict(
            a=Unusual(np.float32(0.1), Path('x')), b=ConfigDict(c=[{1}])
        ),
        message_hub=dict(
            log_scalars=OrderedDict(loss=history),
            runtime_info=OrderedDict(
                best=np.float64(0.3), many=np.arange(3), on=np.bool_(True)
            ),
            resumed_keys=OrderedDict(loss=True, best=True),
        ),
    )
    assert make_portable(checkpoint) == []
    torch.save(checkpoint, tmp_path / 'file.pth')
    stored = torch.load(tmp_path / 'file.pth', weights_only=True)
    assert stored['meta'] == dict(
        a=(float(np.float32(0.1)), 'x'), b=dict(c=[{1}])
    )
    hub = stored['message_hub']
    assert hub['runtime_info'] == dict(best=0.3, many=[0, 1, 2], on=True)
    # MMEngine would warn of a key without a value.
    assert hub['resumed_keys'] == dict(best=True)
    restore_log(stored)
    assert LOG_KEY not in stored
    assert hub['resumed_keys'] == dict(best=True, loss=True)
    found = hub['log_scalars']['loss']
    for column, expected in zip(found.data, history.data, strict=True):
        assert column.dtype == expected.dtype
        assert column.tolist() == expected.tolist()
    assert found.mean() == history.mean()
    found.update(1.0)
    assert found.statistics('current') == 1.0


def test_what_does_not_is_named(tmp_path):
    checkpoint = dict(
        state_dict={}, meta=dict(of=[Hook()]), optimizer={3: torch.float32}
    )
    assert make_portable(checkpoint) == ['meta.of (mmengine.hooks.hook.Hook)']


def test_files_of_mmengine_are_left_alone():
    history = HistoryBuffer([1.0], [1])
    hub = dict(log_scalars=dict(loss=history), resumed_keys=dict(loss=True))
    checkpoint = dict(message_hub=hub)
    restore_log(checkpoint)
    assert checkpoint == dict(message_hub=hub)
