"""What tables of nearest neighbours have in common, and with classes."""

import torch
from torch import Tensor


def kept_share(before: Tensor, after: Tensor) -> float | None:
    """Return the share of neighbours that were neighbours before.

    Images without neighbours, which are their own only neighbour, are left
    out.

    Args:
        before: (N, k) long, earlier neighbours of every image.
        after: (N, k') long, later neighbours of every image.

    Returns:
        A number from 0 to 1; None if no image has neighbours.

    Example:
        >>> before = torch.tensor([[1, 2], [0, 2], [0, 1]])
        >>> kept_share(before, torch.tensor([[2, 1], [0, 0], [2, 2]]))
        1.0
    """
    kept = torch.zeros_like(after, dtype=torch.bool)
    for column in before.split(1, 1):
        kept |= after == column
    return _mean(kept, after)


def same_class_share(neighbors: Tensor, labels: Tensor) -> float | None:
    """Return the share of neighbours that have the class of their image.

    Args:
        neighbors: (N, k) long, neighbours of every image. Images without
            neighbours are left out.
        labels: (N,) long, class of every image.

    Returns:
        A number from 0 to 1; None if no image has neighbours.

    Example:
        >>> neighbors = torch.tensor([[1, 2], [0, 2], [0, 1]])
        >>> same_class_share(neighbors, torch.tensor([4, 4, 7])) * 6
        2.0
    """
    return _mean(labels[neighbors] == labels[:, None], neighbors)


def _mean(hits: Tensor, neighbors: Tensor) -> float | None:
    own = torch.arange(len(neighbors), device=neighbors.device)
    hits = hits[(neighbors != own[:, None]).any(1)]
    return hits.double().mean().item() if len(hits) else None
