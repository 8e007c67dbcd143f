"""Buffers of a checkpoint that count iterations or images."""

import torch
from mmengine.model import BaseAveragedModel
from torch import Tensor, nn

_POINTERS = 'queue_ptr', 'queue2_ptr'


def rescale_averages(
    checkpoint: dict, model: nn.Module, before: int, now: int
) -> None:
    """Convert the steps that moving averages have counted.

    The momentum of MMPreTrain's ``CosineEMA`` follows this count.

    Args:
        checkpoint: Checkpoint that is going to be loaded, changed in place.
        model: Model that loads it.
        before: Iteration at which the checkpoint was saved.
        now: Iteration of this run at the same position.
    """
    averages = [
        (checkpoint['state_dict'], f'{name}.steps')
        for name, module in model.named_modules()
        if isinstance(module, BaseAveragedModel)
    ]
    # The average of MMEngine's EMAHook.
    averages.append((checkpoint.get('ema_state_dict', {}), 'steps'))
    for state, key in averages:
        steps = state.get(key)
        if steps is not None and before and steps.item():
            # An average without a step would start as a copy of the model.
            moved = max(1, round(steps.item() * now / before))
            state[key] = torch.full_like(steps, moved)


def align_queues(
    state_dict: dict[str, Tensor], model: nn.Module, keys: int
) -> None:
    """Move the ends of queues to where a batch of this run can begin.

    MoCo and DenseCL of MMPreTrain write a batch at ``queue_ptr``, which must
    be a multiple of the batch, because it must not go over the end.

    Args:
        state_dict: Weights that are going to be loaded, changed in place.
        model: Model that loads them.
        keys: Number of keys per step of all ranks.
    """
    for name, _ in model.named_buffers():
        if name.rpartition('.')[2] in _POINTERS and name in state_dict:
            pointer = state_dict[name]
            if (pointer % keys).any():
                state_dict[name] = pointer // keys * keys
