"""Nearest centroid of every row on a GPU, by a fused kernel."""

from types import ModuleType

import torch
from torch import Tensor

from hirl_mm.stack import StackError
from hirl_mm.stack.triton_support import has_triton

from .triton_tiling import DOT_PRECISION, Tiling, tiling

# Size of the copy of a chunk of rows that the kernel reads.
_CHUNK_BYTES = 2**29
# Device that Triton's interpreter stands for, so that tests run the code of a
# GPU.
_INTERPRETED = dict(capability=90, shared_bytes=227 * 2**10)


def assign_triton(
    features: Tensor, centroids: Tensor, precision: str = 'fp32'
) -> tuple[Tensor, Tensor]:
    """Assign rows to their nearest centroids, without an n x K matrix.

    The nearest centroid maximises ``x.c - |c|^2 / 2``. Of centroids with the
    same score the first one is used, and the result is reproducible to the
    bit. ``precision`` is that of the products, which determine the labels;
    distances are computed in float32 from the given features and centroids.

    The mean of the centroids is subtracted from both first. This changes no
    distance, but reduces rounding errors of the products. The kernel reads a
    copy of a chunk of rows, at most 512 MiB, that is centred, padded to whole
    tiles and, for bf16, rounded. At K = 30000 the copy takes a fortieth of
    the time of the products (computed from the peak rates of an H200). Because
    of the copy the kernel needs no masks, 64-bit offsets or conversions, and
    the features may have any strides.

    Args:
        features: (n, D) floating point, rows to assign, on a CUDA device.
        centroids: (K, D) floating point.
        precision: Precision of the products: ``'fp32'``, ``'tf32'`` or
            ``'bf16'`` (operands rounded to bfloat16, sums in float32).

    Returns:
        Labels (n,) long and squared distances (n,) float32.

    Raises:
        ValueError: If the precision is unknown, or there are no centroids.
        StackError: If Triton is not installed or does not support the device.
    """
    if precision not in DOT_PRECISION:
        raise ValueError(
            f"precision must be 'fp32', 'tf32' or 'bf16', got {precision!r}"
        )
    if not len(centroids):
        raise ValueError('centroids must have at least one row, got none')
    kernels = require_kernels(features.device)
    num, dim = features.shape
    labels = features.new_empty(num, dtype=torch.long)
    distance = features.new_empty(num, dtype=torch.float32)
    if not num:
        return labels, distance
    centroids = centroids.float().contiguous()
    with torch.cuda.device_of(features):
        search = Search(centroids, precision)
        chunk = search.num_rows(_CHUNK_BYTES)
        for part, rows in zip(
            labels.split(chunk), features.split(chunk), strict=True
        ):
            part.copy_(search.nearest(search.prepared(rows))[: len(rows)])
        kernels.distance_kernel[(-(-num // 16),)](
            *(features, centroids, labels, distance, num, dim),
            *features.stride(),
            BLOCK_M=16,
            BLOCK_D=128,
        )
    return labels, distance


def require_kernels(device: torch.device) -> ModuleType:
    """Import and return the module of the kernels.

    Raises:
        StackError: If Triton is not installed or does not support the device.
    """
    if not has_triton(device):
        raise StackError(
            'this needs Triton (`pip install triton`) and a CUDA device of '
            f'compute capability 8.0 or newer, but the features are on '
            f"{device}; use backend='torch', which needs neither"
        )
    from . import triton_kernels

    return triton_kernels


class Search:
    """Search of nearest centroids, with the centroids prepared once.

    Args:
        centroids: (K, D) float32, on the GPU.
        precision: Precision of the products, ``'fp32'``, ``'tf32'`` or
            ``'bf16'``, see :func:`assign_triton`.

    Attributes:
        mean: (D,) float32, mean of the centroids, which is subtracted from
            rows and centroids.
        table: Prepared centroids, padded to whole tiles with zeros.
        bias: ``-|c|^2 / 2`` of every row of ``table``, minus infinity for
            padding.
    """

    def __init__(self, centroids: Tensor, precision: str) -> None:
        self._kernel = require_kernels(centroids.device).nearest_kernel
        self._tiles = tiling_for(
            centroids.size(1), precision, centroids.device
        )
        self._dot = DOT_PRECISION[precision]
        self._dtype = torch.bfloat16 if precision == 'bf16' else torch.float32
        self.mean = centroids.mean(0)
        self.table = self._padded(centroids, self._tiles.block_n)
        # Norms of the rounded centroids, so that the error that rounding makes
        # in the score of a row x is proportional to x - c and not to x.
        norm = self.table.float().square().sum(1)
        norm[len(centroids) :] = float('inf')
        self.bias = norm.mul_(-0.5)

    def num_rows(self, num_bytes: int) -> int:
        """Return how many prepared rows fit in memory, in whole blocks."""
        row = self._tiles.depth * self.table.element_size()
        block = self._tiles.block_m
        return max(1, num_bytes // (row * block)) * block

    def prepared(self, rows: Tensor) -> Tensor:
        """Return the copy of rows (n, D) that :meth:`nearest` needs."""
        return self._padded(rows, self._tiles.block_m)

    def nearest(self, x: Tensor) -> Tensor:
        """Return labels, int32, of prepared rows and their padding."""
        tiles, num = self._tiles, len(x)
        best = x.new_empty(tiles.splits, num, dtype=torch.float32)
        label = x.new_empty(tiles.splits, num, dtype=torch.int32)
        num_clusters = len(self.table)
        share = -(-num_clusters // (tiles.block_n * tiles.splits))
        self._kernel[(num // tiles.block_m * tiles.splits,)](
            *(x, self.table, self.bias, best, label),
            *(num, num_clusters, share * tiles.block_n),
            DEPTH=tiles.depth,
            SPLITS=tiles.splits,
            PRECISION=self._dot,
            BLOCK_M=tiles.block_m,
            BLOCK_N=tiles.block_n,
            BLOCK_D=tiles.block_d,
            num_warps=tiles.num_warps,
            num_stages=tiles.num_stages,
        )
        found, score = label[0], best[0]
        for split in range(1, tiles.splits):
            better = best[split] > score
            found = torch.where(better, label[split], found)
            score = torch.where(better, best[split], score)
        return found

    def _padded(self, rows: Tensor, block: int) -> Tensor:
        """Return centred rows in the kernel's type, padded with zeros."""
        num, dim = rows.shape
        height = -(-num // block) * block
        padded = rows.new_empty(height, self._tiles.depth, dtype=self._dtype)
        padded[num:] = 0
        padded[:num, dim:] = 0
        torch.sub(rows, self.mean, out=padded[:num, :dim])
        return padded


def tiling_for(dim: int, precision: str, device: torch.device) -> Tiling:
    """Return the tiles for features of ``dim`` coordinates on a device."""
    if device.type != 'cuda':
        return tiling(dim, precision, **_INTERPRETED)
    major, minor = torch.cuda.get_device_capability(device)
    properties = torch.cuda.get_device_properties(device)
    return tiling(
        dim,
        precision,
        10 * major + minor,
        # The stubs of PyTorch do not have it.
        properties.shared_memory_per_block_optin,  # type: ignore[attr-defined]
    )
