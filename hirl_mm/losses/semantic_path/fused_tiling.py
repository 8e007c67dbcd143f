"""Sizes of the programs of the fused kernels."""

from dataclasses import dataclass

import torch

from hirl_mm.structures import PrototypeTree

_MOST_LEVELS = 8
_MOST_WARPS = 8
# Floats that a thread has of a row on every level: of the embeddings, of their
# gradient and of at least one path. Three times as many fit into the at most
# 255 registers of a thread.
_MOST_OF_ROWS = 48
# Floats of prototypes that a thread keeps, of its at most 255 registers.
_KEPT = 64
_MOST_PATHS = 16
# Warps for which an SM should have work: about four times those that it runs
# at a time, so that the last programs leave few SMs idle.
_WARPS_PER_SM = 64


@dataclass(frozen=True)
class FusedTiling:
    """Sizes of the programs.

    Attributes:
        block_d: Columns, the dimension D rounded up to a power of two.
        num_warps: Warps of a program of the first kernel.
        block_m: Negative paths of such a program at a time.
        splits: Number of programs per sample.
        share: Number of negative paths per program, a multiple of ``block_m``.
        loss_warps: Warps of a program of the second kernel.
        block_s: Shares that such a program adds at a time.
    """

    block_d: int
    num_warps: int
    block_m: int
    splits: int
    share: int
    loss_warps: int
    block_s: int


def fits_kernels(tree: PrototypeTree) -> bool:
    """Return whether the fused kernels support the tree.

    They need float32 prototypes, at most 8 levels, and registers for a row on
    every level: 6 levels of 2048 dimensions, or 3 of 4096.
    """
    first = tree.centroids[0]
    num_levels = tree.num_levels
    return (
        first.dtype == torch.float32
        and num_levels <= _MOST_LEVELS
        and num_levels * _row(first.size(1))[2] <= _MOST_OF_ROWS
    )


def fused_tiling(
    num_samples: int,
    num_negatives: int,
    num_levels: int,
    dim: int,
    num_sms: int,
) -> FusedTiling:
    """Choose the sizes.

    One warp per 128 columns, up to 8, reads a row of a prototype with 16 bytes
    per thread, and sums over columns need few exchanges between warps. As many
    paths are processed at a time as fit into registers on all levels.

    Args:
        num_samples: Number of samples B.
        num_negatives: Number of negative paths M per sample.
        num_levels: Number of levels L.
        dim: Dimension D of the embeddings. Both must fit, see
            :func:`fits_kernels`.
        num_sms: Number of multiprocessors of the GPU.
    """
    block_d, num_warps, per_thread = _row(dim)
    fits = max(1, _KEPT // (num_levels * per_thread))
    block_m = min(_MOST_PATHS, _power_of_two(fits + 1) // 2)
    wanted = -(-num_sms * _WARPS_PER_SM // (num_warps * max(1, num_samples)))
    loss_warps = max(4, num_warps)
    blocks = max(1, -(-num_negatives // block_m))
    blocks_per_program = -(-blocks // min(wanted, blocks))
    return FusedTiling(
        block_d=block_d,
        num_warps=num_warps,
        block_m=block_m,
        splits=-(-blocks // blocks_per_program),
        share=blocks_per_program * block_m,
        loss_warps=loss_warps,
        block_s=min(64, _KEPT * 32 * loss_warps // block_d),
    )


def _row(dim: int) -> tuple[int, int, int]:
    """Return columns and warps of a program, and columns of a thread."""
    block_d = max(32, _power_of_two(dim))
    num_warps = min(_MOST_WARPS, max(1, block_d // 128))
    return block_d, num_warps, block_d // (32 * num_warps)


def _power_of_two(value: int) -> int:
    """Return the smallest power of two that is at least ``value``."""
    return 1 << (value - 1).bit_length()
