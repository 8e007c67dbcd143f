"""Peak memory of a function."""

import warnings
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

HOW = {
    'cpu': 'bytes of tensors, from the allocations that torch.profiler lists',
    'cuda': 'torch.cuda.max_memory_allocated',
}


def peak_bytes(step: Callable, device: str) -> int:
    """Return the peak number of bytes that a call allocates.

    Args:
        step: Function without arguments.
        device: Device on which it allocates.
    """
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        with profile(
            activities=[ProfilerActivity.CPU], profile_memory=True
        ) as profiler:
            step()
    allocated = peak = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == '[memory]':
            allocated += event.nbytes()
            peak = max(peak, allocated)
    return peak
