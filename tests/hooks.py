"""The hooks of a config, built as MMEngine's Runner builds them."""

import copy
import tempfile
import uuid
from functools import cache

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import Runner


class Nothing(BaseModel):
    def forward(self, inputs, data_samples=None, mode='tensor'):
        return torch.zeros(1)


@cache
def idle_runner() -> Runner:
    """A Runner that builds hooks and trains nothing."""
    return Runner(
        Nothing(),
        work_dir=tempfile.mkdtemp(),
        experiment_name=uuid.uuid4().hex,
        log_level='WARNING',
        default_scope='mmpretrain',
    )


def built_hooks(cfg: Config) -> list[Hook]:
    """All hooks of a config, in the order in which they are called."""
    runner = idle_runner()
    init_default_scope(cfg.default_scope)
    runner.hooks.clear()
    runner.register_hooks(
        copy.deepcopy(cfg.default_hooks),
        copy.deepcopy(cfg.get('custom_hooks', [])),
    )
    return list(runner.hooks)
