"""Sizes of the tiles of the assignment kernel."""

from dataclasses import dataclass

# input_precision of tl.dot. For bf16 the operands are bfloat16 already.
DOT_PRECISION = dict(fp32='ieee', tf32='tf32', bf16='ieee')

_WARPS = 8
_ROWS = 128
_KIB = 2**10
# Bytes of the L2 cache for the rows in flight, about half of an H100's cache.
_L2_SHARE = 24 * 2**20
# Number of programs that run at the same time: one per SM of an H100.
_PROGRAMS = 132


@dataclass(frozen=True)
class Tiling:
    """Sizes of tiles of rows x centroids x coordinates.

    ``depth`` is the number of coordinates after padding. If it is equal to
    ``block_d``, the rows are read once and stay in shared memory.
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
    """Choose the tiles for features of ``dim`` coordinates.

    The choice follows from the instructions, registers and shared memory that
    Triton 3.7 reports for sm_80 and sm_90; it was not measured on a device.

    - With 128 rows and 8 warps a thread needs at most 255 registers and
      spills none, and wgmma runs at its full rate on a tile of 128 columns.
    - Rows stay in shared memory for all centroids if two programs with at
      least two stages of centroids fit on an SM, or else one program with at
      least three. Only centroids are then read from L2, at 64 (tf32) or 128
      (bf16) flops per byte.
    - Otherwise both rows and centroids are streamed, in tiles as wide as
      registers allow: 256 columns on Hopper, 128 on older GPUs. The centroids
      are then split over neighbouring programs, so that the rows in flight
      stay in L2.
    - FP32 runs on FMA units, whose operands are read into registers in slices
      of 16 coordinates.

    Args:
        dim: Dimension D of the features.
        precision: Precision of the products, ``'fp32'``, ``'tf32'`` or
            ``'bf16'``.
        capability: Compute capability of the device times 10, such as 80 or
            90.
        shared_bytes: Largest shared memory of one program in bytes.
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
        # A power of two would add much padding.
        return None
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
    """Return the smallest power of two that is at least ``value``."""
    return 1 << (value - 1).bit_length()
