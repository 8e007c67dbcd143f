import torch
from torch import Tensor, nn

from hirl_mm.losses.sinkhorn import sinkhorn

from .embedding_queue import EmbeddingQueue


@torch.no_grad()
def assign_with_queue(
    embeddings: Tensor,
    scores: Tensor,
    prototypes: nn.Linear,
    queue: EmbeddingQueue | None,
    epsilon: float,
    num_iters: int,
) -> Tensor:
    """Assign a batch to prototypes in equal shares, with earlier batches.

    The batch is added to the queue. As soon as the queue is full, its rows
    take part in the assignment.

    Args:
        embeddings: (A, n, D), L2-normalised, of A views; the rows of a view in
            the order in which the queue stores them.
        scores: (A, n, K), their similarities to the prototypes, in any order.
        prototypes: Linear layer whose weight are the K prototypes.
        queue: Queue of earlier embeddings of A views; None for the batch
            alone.
        epsilon: Temperature, see :func:`~hirl_mm.losses.sinkhorn`.
        num_iters: Number of iterations.

    Returns:
        (A, n, K) float32 with rows that sum to 1.
    """
    num = scores.size(1)
    if queue is not None:
        if queue.full:
            scores = torch.cat((scores, prototypes(queue.share())), dim=1)
        queue.push(embeddings)
    return sinkhorn(scores, epsilon, num_iters)[:, :num]
