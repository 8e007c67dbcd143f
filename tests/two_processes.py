"""The same training in one process and, with DistributedDataParallel, in two.

A case names functions that build its model and its batches, which is all that
another method needs.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel

from hirl_mm.models.selfsup import MovesTeacher
from tests.processes import run_processes

LR = 0.1


class Case(NamedTuple):
    """A training of a few SGD steps.

    Args:
        model: Builds the model, the same in every call. A function of a
            module, or a partial of one, since it is sent to processes.
        batches: Likewise; one batch per step, (views, samples) of all
            processes together, of which process r of n takes the r-th of n
            equal parts.
    """

    model: Callable
    batches: Callable


def train(case, rank=0, world_size=1):
    """Losses and gradients of every step, and the state after the last."""
    model = net = case.model()
    if world_size > 1:
        net = MMDistributedDataParallel(
            model, broadcast_buffers=False, find_unused_parameters=True
        )
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    losses, gradients = [], []
    for views, samples in case.batches():
        share = len(samples) // world_size
        mine = slice(rank * share, (rank + 1) * share)
        parts = net([v[mine] for v in views], samples[mine], mode='loss')
        optimizer.zero_grad()
        model.parse_losses(parts)[0].backward()
        losses.append({k: v.item() for k, v in parts.items() if 'loss' in k})
        gradients.append(
            {
                name: parameter.grad.clone()
                for name, parameter in model.named_parameters()
                if parameter.grad is not None
            }
        )
        optimizer.step()
        if isinstance(model, MovesTeacher) and model.has_teacher:
            model.move_teacher()
    return dict(losses=losses, gradients=gradients, state=model.state_dict())


def train_in_two(cases, folder):
    """By name of the case, what :func:`train` gave in both processes."""
    run_processes(_train_all, 2, cases, str(folder))
    ranks = [torch.load(f'{folder}/{rank}.pth') for rank in range(2)]
    return {name: [of_rank[name] for of_rank in ranks] for name in cases}


def loss_gap(alone, ranks):
    """Largest difference of a loss from its mean over the processes."""
    return max(
        abs(loss - sum(rank['losses'][step][key] for rank in ranks) / 2)
        for step, parts in enumerate(alone['losses'])
        for key, loss in parts.items()
    )


def assert_same_training(alone, ranks, **tolerance):
    """Losses, gradients and weights, buffers included, are the same.

    Args:
        alone: Of :func:`train` in this process.
        ranks: Of :func:`train_in_two`.
        **tolerance: ``rtol`` and ``atol``.
    """
    for rank in ranks:
        assert [list(parts) for parts in rank['losses']] == [
            list(parts) for parts in alone['losses']
        ]
        for key in ('gradients', 'state'):
            torch.testing.assert_close(rank[key], alone[key], **tolerance)
    assert loss_gap(alone, ranks) < tolerance['atol']


def _train_all(rank, cases, folder):
    found = {
        name: train(case, rank, dist.get_world_size())
        for name, case in cases.items()
    }
    torch.save(found, f'{folder}/{rank}.pth')
