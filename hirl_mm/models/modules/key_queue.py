from typing import Any

import torch
from torch import Tensor, nn

from hirl_mm.ranks import gather_tensors


class PushesKeys(nn.Module):
    """Base class of modules with the queue of negatives of MoCo.

    The queue is that of MMPreTrain's MoCo: a buffer ``queue`` (D, N) of
    columns of unit length and a buffer ``queue_ptr`` (1,), where the next
    keys go. Unlike MoCo's own method, :meth:`push` does not read the buffer in
    every step, so that the host never waits for the device.
    """

    queue: Tensor
    queue_ptr: Tensor
    _position: int | None = None

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Replace the oldest keys by those of all ranks.

        Args:
            keys: (B, D) of this rank; B must be the same on every rank, and
                N a multiple of the number of keys of all ranks.
        """
        keys = torch.cat(gather_tensors(keys.contiguous()))
        if self._position is None:
            self._position = int(self.queue_ptr)
        end = self._position + len(keys)
        self.queue[:, self._position : end] = keys.T
        self._position = end % self.queue.size(1)
        self.queue_ptr.fill_(self._position)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._position = None


class KeyQueue(PushesKeys):
    """Queue of the negatives of one level, as that of MoCo.

    Args:
        dim: Dimension D of the keys.
        length: Number of keys N. They are random before they are replaced.
    """

    def __init__(self, dim: int, length: int) -> None:
        super().__init__()
        columns = nn.functional.normalize(torch.randn(dim, length), dim=0)
        self.register_buffer('queue', columns)
        self.register_buffer('queue_ptr', torch.zeros(1, dtype=torch.long))
