"""Cosines of samples to prototypes picked per sample, in two forms.

Each form is a pair: the cosines, and the step back from a gradient in them
to the samples. No (B, M, D) tensor outlives either.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Of prototypes gathered at a time. On a CPU a block that stays in its cache is
# cheap to read again; elsewhere the block only bounds the memory.
CPU_BLOCK_BYTES = 2**19
GPU_BLOCK_BYTES = 2**28


def cosines_out_of_all(
    unit: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """Compare with every prototype, then gather.

    Args:
        unit: (B, D), unit rows.
        centroids: (K, D), unit rows.
        picked: (B, M) long, prototypes of every sample.

    Returns:
        (B, M), by way of (B, K).
    """
    return (unit @ centroids.T).gather(1, picked)


def gradient_out_of_all(
    gradient: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """The step back of :func:`cosines_out_of_all`.

    Args:
        gradient: (B, M), in the cosines.
        centroids: (K, D).
        picked: (B, M) long.

    Returns:
        (B, D), in the samples, by way of (B, K).
    """
    dense = gradient.new_zeros(len(gradient), len(centroids))
    return dense.scatter_add_(1, picked, gradient) @ centroids


def cosines_to_gathered(
    unit: Tensor, centroids: Tensor, picked: Tensor
) -> Tensor:
    """Gather the prototypes, then compare, a block of samples at a time.

    Arguments and result are those of :func:`cosines_out_of_all`.
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
    """The step back of :func:`cosines_to_gathered`.

    Arguments and result are those of :func:`gradient_out_of_all`; a weighted
    sum of prototypes, which nothing gathers first.
    """
    return F.embedding_bag(
        picked, centroids, per_sample_weights=gradient, mode='sum'
    )
