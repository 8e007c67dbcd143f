import torch
from torch import Tensor


class HostFlag:
    """A flag of the device that the host reads without emptying the device.

    The copy to the host is queued behind the work that computes the flag.
    Reading waits for this copy alone, not for what was queued after it: a
    flag of the forward pass is read while the backward pass runs.

    Args:
        flag: Boolean scalar, on any device.

    Example:
        >>> bool(HostFlag(torch.tensor(True)))
        True
    """

    def __init__(self, flag: Tensor) -> None:
        self._event = None
        if flag.is_cuda:
            flag = flag.to('cpu', non_blocking=True)
            self._event = torch.cuda.current_stream().record_event()
        self._flag = flag

    def __bool__(self) -> bool:
        if self._event is not None:
            self._event.synchronize()
            self._event = None
        return bool(self._flag)
