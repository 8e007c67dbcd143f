import torch
from torch import Tensor


def blocks_of(views: Tensor, lengths: Tensor, block: int) -> Tensor:
    """Cut the rows or pixels of views into blocks, one for each program.

    Args:
        views: (n,) numbers of the views.
        lengths: (n,) number of rows or pixels of each.
        block: Largest number of rows or pixels of a block.

    Returns:
        (N, 2) int32: view and first row or pixel of every block.
    """
    num = (lengths + block - 1) // block
    which = torch.repeat_interleave(torch.arange(len(views)), num)
    place = torch.arange(len(which)) - (num.cumsum(0) - num)[which]
    return torch.stack([views[which], place * block], 1).int()
