"""Distributed runs in two processes, with and without the setting."""

import pytest
from mmengine.runner import Runner
from torch import nn

from hirl_mm.engine.checks.unused_parameters import (
    check_finds_unused_parameters,
)
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from tests.processes import run_processes
from tests.runs import small_config


def distributed_runner(digits, work_dir, **settings):
    cfg = small_config(digits, work_dir, epochs=3, start_epoch=2)
    cfg.launcher = 'pytorch'
    cfg.pop('find_unused_parameters')
    cfg.update(settings)
    fit_to_cpu(cfg)
    return Runner.from_cfg(cfg)


def train_without_and_with(rank, digits, folder):
    runner = distributed_runner(digits, f'{folder}/without')
    message = r'MMDistributedDataParallel .* set find_unused_parameters = True'
    with pytest.raises(ValueError, match=message):
        runner.train()
    assert runner.iter == 0

    runner = distributed_runner(
        digits, f'{folder}/with', find_unused_parameters=True
    )
    runner.train()
    assert runner.epoch == 3
    assert runner.model.module.tree is not None


def test_distributed_run_of_two_stages(digits, tmp_path):
    run_processes(train_without_and_with, 2, str(digits), str(tmp_path))


@pytest.mark.parametrize('wrapper', [nn.Identity, nn.DataParallel])
def test_models_and_wrappers_without_the_setting_pass(wrapper):
    check_finds_unused_parameters(wrapper(nn.Linear(2, 2)))
