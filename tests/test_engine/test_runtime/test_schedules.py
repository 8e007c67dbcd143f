import pytest
import torch
from mmengine.optim import (
    CosineAnnealingLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolyLR,
    StepLR,
)
from torch.optim import SGD

from hirl_mm.engine.runtime.schedules import advance

LENGTH = 4
SCHEDULES = {
    'warm-up, then cosine': lambda optimizer: [
        LinearLR(optimizer, start_factor=0.1, end=6, by_epoch=False),
        CosineAnnealingLR(optimizer, T_max=20, begin=6, by_epoch=False),
    ],
    'iterations and epochs': lambda optimizer: [
        CosineAnnealingLR(optimizer, T_max=30, by_epoch=False),
        MultiStepLR(optimizer, milestones=[2, 4], gamma=0.1),
    ],
    'one cycle': lambda optimizer: [
        OneCycleLR(optimizer, eta_max=1.0, total_steps=40, by_epoch=False)
    ],
    'polynomial': lambda optimizer: [
        PolyLR(optimizer, eta_min=0.01, end=25, by_epoch=False),
        StepLR(optimizer, step_size=2),
    ],
}


def optimizer():
    """A group per parameter, of two kinds."""
    rates = [0.1, 0.2, 0.1, 0.1, 0.2]
    return SGD([dict(params=[torch.ones(1)], lr=rate) for rate in rates])


def values(optimizer):
    return [group['lr'] for group in optimizer.param_groups]


@pytest.mark.parametrize('name', SCHEDULES)
@pytest.mark.parametrize(('epochs', 'more'), [(0, 0), (3, 0), (5, 2)])
def test_same_as_a_training(name, epochs, more):
    trained, fresh = optimizer(), optimizer()
    schedulers = SCHEDULES[name](trained)
    trained.step()

    def step(by_epoch):
        for scheduler in schedulers:
            if scheduler.by_epoch == by_epoch:
                scheduler.step()

    for iteration in range(epochs * LENGTH + more):
        step(by_epoch=False)
        if (iteration + 1) % LENGTH == 0:
            step(by_epoch=True)
    new = SCHEDULES[name](fresh)
    before = [group.copy() for group in fresh.param_groups]
    states, found = advance(new, fresh.param_groups, epochs, LENGTH, more)
    assert [group['lr'] for group in found] == values(trained)
    for state, scheduler in zip(states, schedulers, strict=True):
        expected = scheduler.state_dict()
        expected.pop('anneal_func', None), state.pop('anneal_func', None)
        assert state == expected
    assert fresh.param_groups == before
    assert all(s.last_step <= 0 for s in new)


def test_groups_of_one_kind_are_computed_once():
    """A transformer has a group per parameter: this may be hundreds."""
    seen = []

    class Seen(CosineAnnealingLR):
        def _get_value(self):
            seen.append(len(self.optimizer.param_groups))
            return super()._get_value()

    Seen.__module__ = 'mmengine.optim.test'
    sgd = optimizer()
    schedulers = [Seen(sgd, T_max=9, by_epoch=False)]
    seen.clear()
    advance(schedulers, sgd.param_groups, 0, 0, 3)
    assert seen == [2, 2, 2]
    Seen.__module__ = 'elsewhere'
    seen.clear()
    advance(schedulers, sgd.param_groups, 0, 0, 3)
    assert seen == [5, 5, 5]
