"""Models without memory for their weights."""

import torch
from torch.overrides import TorchFunctionMode


class Weightless(TorchFunctionMode):
    """Layers made inside have parameters on PyTorch's meta device.

    Whole recipes are built within a second, to see that they fit together.
    What a constructor computes by other means than ``torch.empty``, such as
    rates of drop path, stays real.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs['device'] = 'meta'
        return func(*args, **kwargs)
