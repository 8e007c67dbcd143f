"""LARC against a plain formula in float64, and against MMPreTrain's LARS."""

import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmpretrain.engine.optimizers import LARS
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from hirl_mm.engine.optimizers.larc import LARC

NUMBERS = dict(momentum=0.9, weight_decay=0.05)


def parameters():
    """Of several shapes; the last is zero."""
    generator = torch.Generator().manual_seed(0)
    shapes = (3, 4), (5,), (2, 3, 2), (4,)
    values = [torch.randn(s, generator=generator).double() for s in shapes]
    values[-1].zero_()
    return [nn.Parameter(value) for value in values]


def gradients(step):
    """Of every parameter; those of the second are zero."""
    generator = torch.Generator().manual_seed(step + 1)
    found = [
        torch.randn(p.shape, generator=generator).double()
        for p in parameters()
    ]
    found[1].zero_()
    return found


def naive(rates, frozen_steps=0):
    """All values after steps of these learning rates.

    The first parameter has no gradient in the first steps.
    """
    values = [p.detach().clone() for p in parameters()]
    speeds = [torch.zeros_like(value) for value in values]
    decay = NUMBERS['weight_decay']
    for step, rate in enumerate(rates):
        for i, gradient in enumerate(gradients(step)):
            if i == 0 and step < frozen_steps:
                continue
            size, slope = (
                float(tensor.square().sum() ** 0.5)
                for tensor in (values[i], gradient)
            )
            if size and slope:
                local = 0.001 * size / (slope + decay * size + 1e-8)
                gradient = local * (gradient + decay * values[i])
            speeds[i] = NUMBERS['momentum'] * speeds[i] + gradient
            values[i] = values[i] - rate * speeds[i]
    return values


def stepped(optimizer, trained, rates, frozen_steps=0):
    for step, rate in enumerate(rates):
        for i, gradient in enumerate(gradients(step)):
            frozen = i == 0 and step < frozen_steps
            trained[i].grad = None if frozen else gradient
        optimizer.param_groups[0]['lr'] = rate
        optimizer.step()
    return trained


def test_steps_of_changing_rates():
    """Weights and gradients of zero neither decay nor are scaled."""
    rates = 0.6, 0.5, 0.3, 0.1
    trained = parameters()
    stepped(LARC(trained, lr=0.6, **NUMBERS), trained, rates)
    torch.testing.assert_close([*trained], naive(rates), rtol=1e-12, atol=0)
    assert torch.equal(trained[1], parameters()[1])
    assert not torch.equal(trained[3], parameters()[3])


def test_no_state_without_a_gradient():
    rates = 0.6, 0.5, 0.3, 0.1
    trained = parameters()
    optimizer = LARC(trained, lr=0.6, **NUMBERS)
    stepped(optimizer, trained, rates[:2], frozen_steps=2)
    assert torch.equal(trained[0], parameters()[0])
    assert not optimizer.state[trained[0]]
    for i, gradient in enumerate(gradients(2)):
        trained[i].grad = gradient
    optimizer.param_groups[0]['lr'] = rates[2]
    optimizer.step()
    expected = naive(rates[:3], frozen_steps=2)
    torch.testing.assert_close([*trained], expected, rtol=1e-12, atol=0)


def test_lars_of_mmpretrain_differs_when_the_rate_changes():
    """At one rate both agree, unless a weight or gradient is zero."""
    for rates, equal in (((0.6, 0.6, 0.6), True), ((0.6, 0.3, 0.1), False)):
        ours, theirs = parameters(), parameters()
        stepped(LARC(ours, lr=0.6, **NUMBERS), ours, rates)
        stepped(LARS(theirs, lr=0.6, eta=0.001, **NUMBERS), theirs, rates)
        for i in 0, 2:
            assert torch.allclose(ours[i], theirs[i], rtol=1e-9) == equal
        # Theirs decays a weight without gradient, at the full rate.
        assert not torch.allclose(theirs[1], parameters()[1])


class NumbersRead(TorchDispatchMode):
    """Counts how often the host asks the device for a number."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_no_step_waits_for_the_device():
    counts = []
    for kind in LARC, LARS:
        trained = parameters()
        optimizer = kind(trained, lr=0.6, **NUMBERS)
        for parameter, gradient in zip(trained, gradients(0), strict=True):
            parameter.grad = gradient
        with NumbersRead() as read:
            optimizer.step()
        counts.append(read.count)
    assert counts == [0, 2 * len(parameters())]


def test_state_is_resumed():
    rates = 0.6, 0.5, 0.3
    trained = parameters()
    optimizer = LARC(trained, lr=0.6, **NUMBERS)
    stepped(optimizer, trained, rates[:2])
    again = [nn.Parameter(p.detach().clone()) for p in trained]
    resumed = LARC(again, lr=1.0)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for group in (optimizer, trained), (resumed, again):
        for parameter, gradient in zip(group[1], gradients(2), strict=True):
            parameter.grad = gradient
        group[0].step()
    assert all(map(torch.equal, trained, again))


def test_built_from_a_config_and_with_a_closure():
    model = nn.Linear(3, 2)
    wrapper = build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            optimizer=dict(type='hirl_mm.LARC', lr=0.6, weight_decay=1e-6),
        ),
    )
    optimizer = wrapper.optimizer
    assert type(optimizer) is LARC and len(optimizer.param_groups) == 1

    def closure():
        loss = model(torch.ones(1, 3)).sum()
        loss.backward()
        return loss

    before = model.weight.detach().clone()
    assert optimizer.step(closure).requires_grad
    moved = (model.weight - before).norm()
    expected = 0.6 * 0.001 * before.norm()
    torch.testing.assert_close(moved, expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    'numbers',
    [
        dict(lr=-1.0),
        dict(weight_decay=-1e-6),
        dict(trust_coefficient=0.0),
        dict(momentum=1.0),
    ],
)
def test_numbers_out_of_range(numbers):
    (name,) = numbers
    with pytest.raises(ValueError, match=f'{name}.* got'):
        LARC(parameters(), **(dict(lr=0.6) | numbers))
