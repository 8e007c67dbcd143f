from typing import Any

import torch
from torch import Tensor, nn

from hirl_mm.ranks import gather_tensors, rank_and_world_size


class EmbeddingQueue(nn.Module):
    """Queue of the latest embeddings of all ranks, newest first.

    Every rank stores the same rows in a buffer. Every checkpoint contains
    them, so a run can resume on another number of GPUs. The released code has
    one queue per rank, stored in files beside the checkpoint.

    Args:
        num_crops: Number of crops A; each crop has its own queue.
        length: Number of rows L of each queue.
        dim: Dimension D of the embeddings.

    Attributes:
        rows: (A, L, D) float32, zeros in rows that were not filled yet.
    """

    rows: Tensor

    def __init__(self, num_crops: int, length: int, dim: int) -> None:
        super().__init__()
        self.length = length
        self.register_buffer('rows', torch.zeros(num_crops, length, dim))
        self._num_pushed = 0

    @property
    def full(self) -> bool:
        """Whether all rows are filled; does not synchronise the device."""
        return self._num_pushed >= self.length

    def check_batch(self, batch_size: int, num_patches: int = 1) -> None:
        """Check that the queue's length fits the global batch.

        Args:
            batch_size: Batch size of this rank; all ranks have the same.
            num_patches: Rows that an image adds to a queue.

        Raises:
            ValueError: If the length is not a multiple of the global batch of
                images, or less than the rows of one batch.
        """
        _, world_size = rank_and_world_size()
        pushed = batch_size * world_size
        if self.length < pushed * num_patches and num_patches > 1:
            raise ValueError(
                f'queue_length={self.length} must hold at least one batch, '
                f'{num_patches} patches of {pushed} images: use queue_length='
                f'{pushed * num_patches} or more'
            )
        if self.length % pushed == 0:
            return
        below = self.length // pushed * pushed
        fitting = [n for n in (below, below + pushed) if n]
        raise ValueError(
            f'queue_length={self.length} must be a multiple of the global '
            f'batch of {pushed} images ({batch_size} on each of {world_size} '
            f'ranks): use queue_length={" or ".join(map(str, fitting))}, and '
            'drop_last=True in the train_dataloader'
        )

    def share(self) -> Tensor:
        """Return this rank's share of the rows, (A, L / W, D) of W ranks."""
        rank, world_size = rank_and_world_size()
        return self.rows.chunk(world_size, dim=1)[rank]

    def push(self, embeddings: Tensor) -> None:
        """Add the batches of all ranks and drop the oldest rows.

        Args:
            embeddings: (A, B, D) of this rank; B must be the same on every
                rank.
        """
        new = torch.cat(gather_tensors(embeddings.float().contiguous()), dim=1)
        kept = self.rows[:, : self.length - new.size(1)]
        self.rows.copy_(torch.cat((new, kept), dim=1))
        self._num_pushed = min(self._num_pushed + new.size(1), self.length)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        # Rows that were not filled yet are zeros, embeddings are not.
        self._num_pushed = int(self.rows[:1].any(dim=2).sum())
