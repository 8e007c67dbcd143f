"""Steps that an optimizer does not take."""

import warnings

import pytest
import torch
from mmengine.optim import MultiStepLR, OptimWrapper
from torch import nn

from hirl_mm.engine.bad_batches.step_gate import (
    Outcome,
    StepGate,
    gradient_is_broken,
)
from tests.processes import run_processes

NAN = float('nan')


def gated(device='cpu'):
    torch.manual_seed(0)
    layer = nn.Linear(3, 2, device=device)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    wrapper = OptimWrapper(optimizer)
    return layer, wrapper, StepGate(wrapper, lambda: None)


def in_two_processes(rank, folder):
    """Only the second rank has a loss that is NaN, in the second step."""
    layer, wrapper, gate = gated()
    found = []
    for factor in (1.0, NAN if rank else 1.0, 1.0):
        gate.restart()
        loss = factor * layer(torch.ones(1, 3)).sum()
        before = layer.weight.detach().clone()
        wrapper.update_params(loss)
        moved = not torch.equal(before, layer.weight)
        found.append((gate.outcome().name, gate.is_own(), moved))
    torch.save(found, f'{folder}/{rank}.pth')


def test_all_ranks_skip_what_one_cannot_use(tmp_path):
    run_processes(in_two_processes, 2, str(tmp_path))
    for rank in range(2):
        assert torch.load(tmp_path / f'{rank}.pth') == [
            ('GOOD', False, True),
            ('LOSS', rank == 1, False),
            ('GOOD', False, True),
        ]


def test_the_forward_pass_is_over_before_the_backward_pass():
    layer, wrapper, _ = gated()
    seen = []
    StepGate(wrapper, lambda: seen.append(layer.weight.grad))
    wrapper.update_params(layer(torch.ones(1, 3)).sum())
    assert seen == [None]


def test_a_removed_gate_lets_everything_through():
    layer, wrapper, gate = gated()
    gate.remove()
    wrapper.update_params(layer(torch.ones(1, 3)).sum() * NAN)
    assert layer.weight.isnan().all()


def test_schedules_go_on_counting_steps():
    """Without a warning that the step has been replaced."""
    layer, wrapper, gate = gated()
    gate.remove()
    schedule = MultiStepLR(wrapper, [1])
    gate = StepGate(wrapper, lambda: None)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        wrapper.update_params(layer(torch.ones(1, 3)).sum())
        schedule.step()
    gate.remove()
    assert wrapper.step._with_counter


def test_broken_gradients():
    layer, wrapper, gate = gated()
    optimizer = wrapper.optimizer
    assert not gradient_is_broken(optimizer)
    layer.bias.grad = torch.tensor([1e18, -3.0])
    assert not gradient_is_broken(optimizer)
    layer.weight.grad = torch.zeros(2, 3)
    for value in (NAN, float('inf'), float('-inf')):
        layer.weight.grad[1, 1] = value
        assert gradient_is_broken(optimizer)
    assert gate.outcome() is Outcome.GOOD


needs_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason='needs a GPU'
)


@needs_gpu
def test_a_gpu_does_not_wait_and_skips_a_broken_loss():
    layer, wrapper, gate = gated('cuda')
    inputs = torch.ones(1, 3, device='cuda')
    torch.cuda.set_sync_debug_mode('error')
    try:
        for factor in (1.0, NAN, 1.0):
            gate.restart()
            wrapper.update_params(layer(inputs).sum() * factor)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert layer.weight.isfinite().all()
    assert gate.outcome() is Outcome.GOOD


@needs_gpu
def test_a_broken_gradient_on_a_gpu_is_found_after_the_step():
    layer, wrapper, gate = gated('cuda')
    layer.weight.register_hook(lambda g: g * NAN)
    wrapper.update_params(layer(torch.ones(1, 3, device='cuda')).sum())
    assert gate.outcome() is Outcome.BROKEN
    assert layer.weight.isnan().all()
