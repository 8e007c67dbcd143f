"""Sizes of the tiles of the assignment kernel."""

from dataclasses import dataclass

# Of tl.dot. The operands of bf16 are bfloat16 already.
DOT_PRECISION = dict(fp32='ieee', tf32='tf32', bf16='ieee')

_WARPS = 8
_ROWS = 128
_KIB = 2**10
# What rows in flight may take of the L2 cache: about half of an H100's.
_L2_SHARE = 24 * 2**20
# Programs at work at once: one per SM of an H100.
_PROGRAMS = 132


@dataclass(frozen=True)
class Tiling:
    """Tiles of rows x centroids x coordinates.

    ``depth`` is the number of coordinates after padding; where it equals
    ``block_d`` the rows are read once and stay.
    """

    depth: int
    block_m: int
    block_n: int
    block_d: int
    splits: int
    num_stages: int
    num_warps: int = _WARPS


def tiling(
    dim: int, precision: str, capability: int, shared_bytes: int
) -> Tiling:
    """Tiles for features of ``dim`` coordinates.

    Reasoned, from the instructions, registers and shared memory that Triton
    3.7 reports for sm_80 and sm_90; not measured on a device.

    - 128 rows and 8 warps leave a thread at most 255 registers, none
      spilled, and wgmma at its full rate on a tile of 128 columns.
    - Rows stay in shared memory over all centroids where two programs fit
      on an SM beside at least two stages of centroids, or else one with at
      least three: then only centroids pass through L2, 64 (tf32) or 128
      (bf16) flops per byte.
    - Otherwise rows and centroids are both streamed, in tiles as wide as
      registers allow: 256 columns on Hopper, 128 before it. The centroids
      are then split over programs side by side so that the rows in flight
      stay in L2.
    - FP32 runs on FMA units, whose operands pass through registers in
      slices of 16 coordinates.

    Args:
        dim: Dimension D.
        precision: ``'fp32'``, ``'tf32'`` or ``'bf16'``.
        capability: Compute capability of the device, 80 or 90.
        shared_bytes: Shared memory that one program may have.
    """
    size = 2 if precision == 'bf16' else 4
    if precision != 'fp32':
        resident = _resident(dim, size, shared_bytes)
        if resident is not None:
            return resident
    block_d = 16 if precision == 'fp32' else 128 // size
    wide = capability >= 90 and precision != 'fp32'
    block_n = 256 if wide and shared_bytes >= 150 * _KIB else 128
    depth = -(-dim // block_d) * block_d
    stage = (_ROWS + block_n) * block_d * size
    splits = _power_of_two(-(-_PROGRAMS * _ROWS * depth * size // _L2_SHARE))
    return Tiling(
        depth=depth,
        block_m=_ROWS,
        block_n=block_n,
        block_d=block_d,
        splits=min(8, splits),
        num_stages=min(4, (shared_bytes - 2 * _KIB) // stage),
    )


def _resident(dim: int, size: int, shared_bytes: int) -> Tiling | None:
    depth = max(16, _power_of_two(dim))
    if depth > -(-dim // 64) * 64:
        return None  # a power of two would be mostly padding
    # (columns, stages, programs on an SM)
    for block_n, stages, programs in (
        (128, 4, 2),
        (128, 3, 2),
        (128, 2, 2),
        (128, 3, 1),
        (64, 3, 1),
    ):
        used = (_ROWS + stages * block_n) * depth * size + 2 * _KIB
        if used * programs <= shared_bytes:
            return Tiling(depth, _ROWS, block_n, depth, 1, stages)
    return None


def _power_of_two(value: int) -> int:
    """The smallest power of two that is not below ``value``."""
    return 1 << (value - 1).bit_length()
