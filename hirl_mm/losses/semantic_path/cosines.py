"""Cosines of samples and prototypes that are selected per sample.

There are two ways to compute them, each with a forward function and a backward
function. Neither returns or keeps a tensor of shape (B, M, D).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Size of a block of prototypes that is gathered at a time. On a CPU it should
# fit in the cache; on a GPU it only limits the memory.
CPU_BLOCK_BYTES = 2**19
GPU_BLOCK_BYTES = 2**28


def cosines_out_of_all(
    unit: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """Compute the cosines to all prototypes, then gather the selected ones.

    Args:
        unit: (B, D), L2-normalised rows.
        centroids: (K, D), L2-normalised rows.
        picked: (B, M) long, indices of the prototypes selected per sample.

    Returns:
        (B, M) cosines; uses temporary memory for (B, K).
    """
    return (unit @ centroids.T).gather(1, picked)


def gradient_out_of_all(
    gradient: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """Backward function of :func:`cosines_out_of_all`.

    Args:
        gradient: (B, M), gradient with respect to the cosines.
        centroids: (K, D), L2-normalised rows.
        picked: (B, M) long, indices of the prototypes selected per sample.

    Returns:
        (B, D), gradient with respect to the samples; uses temporary memory
        for (B, K).
    """
    dense = gradient.new_zeros(len(gradient), len(centroids))
    return dense.scatter_add_(1, picked, gradient) @ centroids


def cosines_to_gathered(
    unit: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """Gather the selected prototypes, then compute the cosines.

    It processes a block of samples at a time. Arguments and result are those
    of :func:`cosines_out_of_all`.
    """
    on_cpu = unit.device.type == 'cpu'
    block_bytes = CPU_BLOCK_BYTES if on_cpu else GPU_BLOCK_BYTES
    sample_bytes = picked.size(1) * unit.size(1) * unit.element_size()
    num = max(1, block_bytes // sample_bytes)
    blocks = []
    for rows, chosen in zip(unit.split(num), picked.split(num), strict=True):
        gathered = centroids.index_select(0, chosen.flatten())
        gathered = gathered.view(*chosen.shape, -1)
        blocks.append(torch.bmm(gathered, rows[:, :, None])[:, :, 0])
    return torch.cat(blocks)


def gradient_to_gathered(
    gradient: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """Backward function of :func:`cosines_to_gathered`.

    The gradient is a weighted sum of prototypes; ``embedding_bag`` computes it
    without gathering them. Arguments and result are those of
    :func:`gradient_out_of_all`.
    """
    return F.embedding_bag(
        picked, centroids, per_sample_weights=gradient, mode='sum'
    )
