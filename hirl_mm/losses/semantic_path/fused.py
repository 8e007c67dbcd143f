"""The SPD loss of sampled paths and its gradient, by two kernels on a GPU."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.losses.known_gradient import KnownGradient
from hirl_mm.stack.triton_support import interprets
from hirl_mm.structures import PrototypeTree

from .fused_tiling import fused_tiling

# Multiprocessors of the GPU that Triton's interpreter stands for. A small
# number lets tests see programs with several blocks of paths.
_INTERPRETED_SMS = 1


def fused_path_loss(
    embeddings: Tensor,
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor,
    floored: bool,
) -> Tensor:
    """Compute the loss of :func:`~hirl_mm.losses.semantic_path_loss`.

    The value and the gradient are computed together, in float32. The result
    is reproducible to the bit. Temporary memory is that of the gradients of a
    few thousand samples, for any number of paths.

    Args:
        embeddings: (L, B, D) floating point, need not be normalised.
        tree: Tree of prototypes for which
            :func:`~.fused_tiling.fits_kernels` holds, on a device for which
            :func:`~hirl_mm.stack.triton_support.has_triton` does.
        leaf: (B,) long, the leaf of every sample, at least 0.
        negatives: (B, M) long, leaves of the negative paths.
        floored: Whether the loss is that of reduction ``'paper'``, instead of
            ``'official'``.

    Returns:
        The mean over the batch, a scalar.
    """
    # Outside of torch.compile the dispatcher would only cost 25 us.
    compiling = torch.compiler.is_compiling()
    compute = losses_and_gradient if compiling else _losses_and_gradient
    losses, gradient = compute(
        embeddings.detach().contiguous(),
        [c.detach().contiguous() for c in tree.centroids],
        tree.leaf_paths,
        leaf.contiguous(),
        negatives.contiguous(),
        floored,
    )
    return KnownGradient.apply(embeddings, losses.mean(), gradient)


def _losses_and_gradient(
    embeddings: Tensor,
    centroids: Sequence[Tensor],
    paths: Tensor,
    leaf: Tensor,
    negatives: Tensor,
    floored: bool,
) -> tuple[Tensor, Tensor]:
    """Return the losses (B,) and the gradient of their mean (L, B, D)."""
    from .fused_kernels import loss_kernel, repulsion_kernel

    num_levels, num_samples, dim = embeddings.shape
    losses, gradient = _results(embeddings)
    num_negatives = negatives.size(1)
    tiles = fused_tiling(
        num_samples, num_negatives, num_levels, dim, _num_sms(leaf.device)
    )
    sums = losses.new_empty(num_samples, tiles.splits, 2)
    partial = losses.new_empty(num_levels, num_samples, tiles.splits, dim)
    constants = dict(
        FLOORED=floored,
        LEVELS=num_levels,
        BLOCK_D=tiles.block_d,
    )
    inputs = embeddings, tuple(centroids), paths, leaf
    with torch.cuda.device_of(embeddings):
        repulsion_kernel[num_samples, tiles.splits](
            *(*inputs, negatives, sums, partial),
            *(num_samples, num_negatives, tiles.share, tiles.splits, dim),
            BLOCK_M=tiles.block_m,
            num_warps=tiles.num_warps,
            **constants,
        )
        loss_kernel[num_samples, num_levels](
            *(*inputs, sums, partial, losses, gradient),
            *(num_samples, tiles.splits, dim),
            BLOCK_S=tiles.block_s,
            num_warps=tiles.loss_warps,
            **constants,
        )
    return losses, gradient


# torch.compile does not look into it, and inserts its two results.
losses_and_gradient = torch.library.custom_op(
    'hirl_mm::semantic_path_loss',
    _losses_and_gradient,
    mutates_args=(),
    schema='(Tensor embeddings, Tensor[] centroids, Tensor paths, '
    'Tensor leaf, Tensor negatives, bool floored) -> (Tensor, Tensor)',
)


@losses_and_gradient.register_fake
def _(
    embeddings: Tensor,
    centroids: Sequence[Tensor],
    paths: Tensor,
    leaf: Tensor,
    negatives: Tensor,
    floored: bool,
) -> tuple[Tensor, Tensor]:
    return _results(embeddings)


def _results(embeddings: Tensor) -> tuple[Tensor, Tensor]:
    """Return memory for the losses and the gradient."""
    return (
        embeddings.new_empty(embeddings.size(1), dtype=torch.float32),
        torch.empty_like(embeddings, dtype=torch.float32),
    )


def _num_sms(device: torch.device) -> int:
    if interprets():
        return _INTERPRETED_SMS
    return torch.cuda.get_device_properties(device).multi_processor_count
