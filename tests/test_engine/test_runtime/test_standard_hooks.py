"""Hooks of every training, whatever its config says."""

import pytest
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.registry import HOOKS

from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from tests.runs import ROOT

DURABLE = 'hirl_mm.DurableCheckpointHook'


@HOOKS.register_module(name='own.CheckpointHook')
class OwnCheckpointHook(CheckpointHook):
    """A hook of a project that uses this one."""


OwnCheckpointHook.__name__ = 'CheckpointHook'


@pytest.mark.parametrize(
    ('kind', 'expected'),
    [
        ('CheckpointHook', DURABLE),
        ('mmengine.CheckpointHook', DURABLE),
        ('mmpretrain.CheckpointHook', DURABLE),
        (CheckpointHook, DURABLE),
        (DURABLE, DURABLE),
        ('own.CheckpointHook', 'own.CheckpointHook'),
        (OwnCheckpointHook, OwnCheckpointHook),
        ('unknown.CheckpointHook', 'unknown.CheckpointHook'),
    ],
)
def test_checkpoint_hook_of_mmengine_is_replaced(kind, expected):
    entry = dict(type=kind, interval=3, max_keep_ckpts=2)
    cfg = Config(dict(default_hooks=dict(checkpoint=entry.copy())))
    add_standard_hooks(cfg, training=True)
    assert cfg.default_hooks.checkpoint == dict(entry, type=expected)


def test_where_it_is_not_named():
    """MMEngine would add its own, every epoch."""
    cfg = Config(dict())
    add_standard_hooks(cfg, training=True)
    assert cfg.default_hooks.checkpoint == dict(type=DURABLE, interval=1)
    cfg = Config(dict(default_hooks=dict(checkpoint=None)))
    add_standard_hooks(cfg, training=True)
    assert cfg.default_hooks.checkpoint is None
    custom = [dict(type='CheckpointHook', by_epoch=False, interval=5)]
    cfg = Config(dict(custom_hooks=custom))
    add_standard_hooks(cfg, training=True)
    assert cfg.custom_hooks[0].type == DURABLE
    cfg = Config(dict(custom_hooks=custom))
    add_standard_hooks(cfg, training=False)
    assert cfg.custom_hooks[0].type == 'CheckpointHook'
    assert 'checkpoint' not in cfg.default_hooks


def test_configs_of_classes():
    cfg = Config.fromfile(ROOT / 'tests/new_style/digits.py')
    add_standard_hooks(cfg, training=True)
    assert cfg.default_hooks.checkpoint == dict(type=DURABLE, interval=1)
