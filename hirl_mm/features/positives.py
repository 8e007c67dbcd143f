"""Draw positives of images: nearest neighbours, or images of a cluster."""

import torch
from torch import Tensor


def draw_neighbors(
    neighbors: Tensor, num: int, generator: torch.Generator | None = None
) -> Tensor:
    """Draw different nearest neighbours of every image, uniformly.

    Args:
        neighbors: (N, k) long, the nearest neighbours of every image.
        num: Number of neighbours to draw per image, at most ``k``.
        generator: Random number generator on the CPU.

    Returns:
        (N, ``num``) long, in random order.

    Raises:
        ValueError: If ``num`` is not between 1 and ``k``.
    """
    k = neighbors.size(1)
    if not 1 <= num <= k:
        raise ValueError(
            f'{num} different neighbours cannot be drawn from {k}: use '
            f'num_positives between 1 and k, or a larger k'
        )
    return neighbors.gather(1, _different(len(neighbors), k, num, generator))


def draw_members(
    labels: Tensor, num: int, generator: torch.Generator | None = None
) -> Tensor:
    """Draw other images of the cluster of every image, uniformly.

    Args:
        labels: (N,) long, the cluster of every image, negative for an image
            without a cluster.
        num: Number of images to draw per image, with replacement.
        generator: Random number generator on the CPU.

    Returns:
        (N, ``num``) long. An image without a cluster, or alone in its
        cluster, gets itself.

    Raises:
        ValueError: If ``num`` is less than 1.
    """
    if num < 1:
        raise ValueError(f'num must be at least 1, got {num}')
    order = labels.argsort(stable=True)
    _, cluster, sizes = labels.unique(return_inverse=True, return_counts=True)
    starts = sizes.cumsum(0) - sizes
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    own = place - starts[cluster]
    others = sizes[cluster] - 1
    # In [0, others), then past the image itself.
    drawn = torch.rand(
        len(labels), num, dtype=torch.float64, generator=generator
    )
    drawn = (drawn * others[:, None]).long()
    drawn += drawn >= own[:, None]
    alone = (others < 1) | (labels < 0)
    drawn = torch.where(alone[:, None], own[:, None], drawn)
    return order[starts[cluster][:, None] + drawn]


def _different(
    rows: int, k: int, num: int, generator: torch.Generator | None
) -> Tensor:
    """Draw ``num`` different numbers below ``k`` for every row."""
    drawn = torch.empty(rows, 0, dtype=torch.long)
    for taken in range(num):
        new = torch.randint(k - taken, (rows, 1), generator=generator)
        # Past the numbers that are taken, the smallest first.
        for column in drawn.sort(1).values.unbind(1):
            new += new >= column[:, None]
        drawn = torch.cat([drawn, new], 1)
    return drawn
