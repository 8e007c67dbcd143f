import torch
from torch import Tensor, nn

from hirl_mm.ranks import gather_tensors, rank_and_world_size


class EmbeddingQueue(nn.Module):
    """The latest embeddings of all ranks, newest first.

    Every rank holds the same rows, in a buffer, and therefore in every
    checkpoint: a run goes on with them on any number of GPUs. The released
    code keeps a queue per rank, in files beside the checkpoint.

    Args:
        num_crops: A, how many queues side by side.
        length: L, rows of each.
        dim: D.

    Attributes:
        rows: (A, L, D) float32, zeros where nothing was pushed yet.
    """

    def __init__(self, num_crops: int, length: int, dim: int) -> None:
        super().__init__()
        self.length = length
        self.register_buffer('rows', torch.zeros(num_crops, length, dim))
        self._num_pushed = 0

    @property
    def full(self) -> bool:
        """Whether every row was pushed; known without asking the device."""
        return self._num_pushed >= self.length

    def check_batch(self, batch_size: int) -> None:
        """Refuse batches that the queue is no multiple of.

        Args:
            batch_size: Of this rank.

        Raises:
            ValueError: If the ``queue_length`` is no multiple of the global
                batch.
        """
        _, world_size = rank_and_world_size()
        pushed = batch_size * world_size
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
        """The rows of this rank when all ranks divide them, (A, L / W, D)."""
        rank, world_size = rank_and_world_size()
        return self.rows.chunk(world_size, dim=1)[rank]

    def push(self, embeddings: Tensor) -> None:
        """Put the batches of all ranks in front, the last rows fall out.

        Args:
            embeddings: (A, B, D) of this rank, B the same on every rank.
        """
        new = torch.cat(gather_tensors(embeddings.float().contiguous()), dim=1)
        kept = self.rows[:, : self.length - new.size(1)]
        self.rows.copy_(torch.cat((new, kept), dim=1))
        self._num_pushed = min(self._num_pushed + new.size(1), self.length)

    def _load_from_state_dict(self, *args, **kwargs) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._num_pushed = int(self.rows[:1].any(dim=2).sum())
