import copy

import pytest
import torch
from mmengine.optim import (
    CosineAnnealingLR,
    CosineAnnealingParamScheduler,
    build_optim_wrapper,
)
from torch import nn

from tests.algorithms import build

GROUPED = 'hirl_mm.GroupedOptimWrapperConstructor'
ADAMW = dict(
    optimizer=dict(type='AdamW', lr=1e-2, weight_decay=0.1),
    paramwise_cfg=dict(
        norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0
    ),
)
# As of mmpretrain's SimSiam, in which one key is for one hook.
SGD = dict(
    optimizer=dict(type='SGD', lr=1e-1, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(
        custom_keys=dict(predictor=dict(fix_lr=True, lr_mult=2.0))
    ),
)
CASES = [('DINO', ADAMW), ('BEiT', ADAMW), ('SimSiam', SGD)]


def wrappers(name, cfg):
    """MMEngine's own, and the grouped one on a copy of the model."""
    model = build(name)
    twin = copy.deepcopy(model)
    return [
        (model, build_optim_wrapper(model, cfg)),
        (twin, build_optim_wrapper(twin, dict(cfg, constructor=GROUPED))),
    ]


def options(model, wrapper):
    """Of every parameter by name; each is in one group."""
    groups = wrapper.optimizer.param_groups
    found = {
        id(parameter): {k: v for k, v in group.items() if k != 'params'}
        for group in groups
        for parameter in group['params']
    }
    assert len(found) == sum(len(group['params']) for group in groups)
    return {n: found.get(id(p)) for n, p in model.named_parameters()}


@pytest.mark.parametrize(('name', 'cfg'), CASES)
def test_every_parameter_keeps_its_options(name, cfg):
    (model, single), (twin, grouped) = wrappers(name, cfg)
    assert options(twin, grouped) == options(model, single)
    assert all(
        len(group['params']) == 1 for group in single.optimizer.param_groups
    )
    assert len(grouped.optimizer.param_groups) == 2
    first = [
        next(iter(w.optimizer.param_groups[0]['params']))
        for w in (single, grouped)
    ]
    torch.testing.assert_close(*first)
    keys = [
        {k: v for k, v in group.items() if k != 'params'}
        for group in grouped.optimizer.param_groups
    ]
    if name == 'SimSiam':
        assert [group.get('fix_lr') for group in keys] == [None, True]


@pytest.mark.parametrize(('name', 'cfg'), CASES)
def test_updates_are_the_same_to_the_bit(name, cfg):
    trained = []
    for model, wrapper in wrappers(name, cfg):
        generator = torch.Generator().manual_seed(0)
        schedules = [
            CosineAnnealingLR(wrapper, T_max=5),
            CosineAnnealingParamScheduler(
                wrapper, 'weight_decay', eta_min_ratio=10, T_max=5
            ),
        ]
        for _ in range(4):
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.grad = torch.randn(
                        parameter.shape, generator=generator
                    )
            wrapper.step()
            for schedule in schedules:
                schedule.step()
        trained.append(list(model.parameters()))
    for single, grouped in zip(*trained, strict=True):
        assert torch.equal(single, grouped)


def test_options_that_differ_stay_apart():
    model = nn.ModuleDict(
        dict(
            first=nn.Linear(2, 2),
            second=nn.Linear(2, 2),
            third=nn.Linear(2, 2),
        )
    )
    keys = dict(
        second=dict(lr_mult=0.5, betas=[0.5, 0.9]),
        third=dict(lr_mult=0.5),
    )
    cfg = dict(
        constructor=GROUPED,
        optimizer=dict(type='Adam', lr=1.0),
        paramwise_cfg=dict(custom_keys=keys),
    )
    groups = build_optim_wrapper(model, cfg).optimizer.param_groups
    assert [len(group['params']) for group in groups] == [2, 2, 2]
    assert [group['lr'] for group in groups] == [1.0, 0.5, 0.5]


def test_without_options_there_is_one_group():
    cfg = dict(constructor=GROUPED, optimizer=dict(type='SGD', lr=1.0))
    model = nn.Linear(2, 2)
    (group,) = build_optim_wrapper(model, cfg).optimizer.param_groups
    assert group['params'] == list(model.parameters())
