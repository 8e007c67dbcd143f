"""What a computation asks of PyTorch, operator by operator."""

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

# The host needs the result of these, or its size, before it can go on.
WAITING = {
    'aten::_local_scalar_dense',
    'aten::_unique2',
    'aten::equal',
    'aten::is_nonzero',
    'aten::masked_select',
    'aten::nonzero',
}


def waits_for_device(call):
    """Operators in ``call`` for which a host waits for an accelerator."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        call()
    return WAITING & {event.name for event in profiler.events()}


class Shapes(TorchDispatchMode):
    """Notes the shapes of all results."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        results = result if isinstance(result, (tuple, list)) else [result]
        self.seen += [
            tuple(r.shape) for r in results if isinstance(r, torch.Tensor)
        ]
        return result


# They reserve or look at memory, and start nothing on an accelerator.
_NO_LAUNCH = {
    'aten.empty.memory_format',
    'aten.empty_like.default',
    'aten.empty_strided.default',
    'aten.new_empty.default',
    'aten._unsafe_view.default',
    'aten.detach.default',
    'aten.lift_fresh.default',
}


class Launches(TorchDispatchMode):
    """Notes the operators that would start a kernel on an accelerator.

    The backward pass counts if it runs inside. Views and empty tensors are
    left out. Operators with several kernels, such as a reduction of many
    elements, count once.
    """

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if not func.is_view and str(func) not in _NO_LAUNCH:
            self.seen.append(str(func))
        return func(*args, **(kwargs or {}))
