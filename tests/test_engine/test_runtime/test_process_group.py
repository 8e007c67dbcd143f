"""Process groups of trainings without a GPU."""

from datetime import timedelta

import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config

from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from hirl_mm.engine.runtime.process_group import destroy_process_group
from tests.processes import free_port


@pytest.mark.parametrize(
    ('options', 'minutes'), [({}, 30), (dict(timeout=120), 2)]
)
def test_the_limit_of_the_config(options, minutes, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    meeting_point = dict(
        RANK='0',
        WORLD_SIZE='1',
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(free_port()),
    )
    for name, value in meeting_point.items():
        monkeypatch.setenv(name, value)
    cfg = Config(
        dict(
            launcher='pytorch',
            optim_wrapper=dict(type='OptimWrapper'),
            env_cfg=dict(dist_cfg=dict(backend='nccl', **options)),
        )
    )
    fit_to_cpu(cfg)
    try:
        gloo = dist.group.WORLD._get_backend(torch.device('cpu'))
        assert gloo.options._timeout == timedelta(minutes=minutes)
    finally:
        destroy_process_group()
