"""Recipes, their models without weights, and what two of them differ by."""

import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from torch import nn

from hirl_mm.registry import MODELS
from tests.weightless import Weightless


def load(path):
    """A config, in the scope of the recipes."""
    cfg = Config.fromfile(path)
    init_default_scope('mmpretrain')
    return cfg


def full_model(cfg):
    """The networks of a recipe, without memory for their weights."""
    with Weightless():
        return MODELS.build(cfg.model)


def without_amp(cfg):
    """The optimizer of a recipe, for a CPU."""
    optim = dict(cfg.optim_wrapper, type='OptimWrapper')
    optim.pop('loss_scale', None)
    return optim


def differences(old, new, prefix=''):
    """What a dict changes in another: new values by dotted names."""
    found = {}
    for key in {**old, **new}:
        one, other = old.get(key), new.get(key)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            found |= differences(one, other, f'{prefix}{key}.')
        else:
            found[prefix + key] = other
    return found


def learning_rates(cfg, steps_per_epoch):
    """Of every iteration, by MMEngine's schedulers."""
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], cfg.optim_wrapper.optimizer.lr)
    schedulers = [
        PARAM_SCHEDULERS.build(
            dict(scheduler),
            default_args=dict(
                optimizer=optimizer, epoch_length=steps_per_epoch
            ),
        )
        for scheduler in cfg.param_scheduler
    ]
    rates = []
    for step in range(1, cfg.train_cfg.max_epochs * steps_per_epoch + 1):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            if not scheduler.by_epoch or step % steps_per_epoch == 0:
                scheduler.step()
    return rates
