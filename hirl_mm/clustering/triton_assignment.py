"""The nearest centroid of every row on a GPU, in one fused kernel."""

import importlib.util
import os
from types import ModuleType

import torch
from torch import Tensor

from hirl_mm.stack import StackError

from .triton_tiling import DOT_PRECISION, Tiling, tiling

# Of the copy of a chunk of rows that the kernel reads.
_CHUNK_BYTES = 2**29
_MIN_CAPABILITY = 80
# What the interpreter imitates, so that tests take the paths of a GPU.
_INTERPRETED = dict(capability=90, shared_bytes=227 * 2**10)


def has_triton(device: torch.device) -> bool:
    """Whether :func:`assign_triton` serves features on the device."""
    if importlib.util.find_spec('triton') is None:
        return False
    if os.environ.get('TRITON_INTERPRET') == '1':
        return True
    if device.type != 'cuda' or not torch.cuda.is_available():
        return False
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor >= _MIN_CAPABILITY


def assign_triton(
    features: Tensor, centroids: Tensor, precision: str = 'fp32'
) -> tuple[Tensor, Tensor]:
    """Assign in a kernel that writes nothing of size n x K.

    The nearest centroid maximises ``x.c - |c|^2 / 2``; of equal scores the
    first one counts, and the same input gives the same bits. ``precision``
    is that of the product alone and moves only labels: distances are computed
    in float32, from the features and centroids as they were given.

    Both are centred on the mean of the centroids first, which changes no
    distance but leaves the products less to round. The kernel reads a copy of
    a chunk of rows, 512 MiB at most: centred, padded to whole tiles and, for
    bf16, rounded. At K = 30000 that takes a fortieth of the time of the
    products (on paper, at the peak rates of an H200), and for it the kernel
    needs no mask, no 64-bit offset and no conversion, features may have any
    strides, and nothing of size n x D stays.

    Args:
        features: (n, D) floating point, on a CUDA device.
        centroids: (K, D) floating point.
        precision: ``'fp32'``; ``'tf32'``; or ``'bf16'``, with float32 sums.

    Returns:
        Labels (n,) long and squared distances (n,) float32.

    Raises:
        ValueError: If the precision is unknown, or there is no centroid.
        StackError: If Triton is missing or does not serve the device.
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
    """The module of the kernels.

    Raises:
        StackError: If Triton is missing or does not serve the device.
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
    """The kernel, and the centroids as it reads them.

    Args:
        centroids: (K, D) float32, on the device.
        precision: Precision of the products, see :func:`assign_triton`.
    """

    def __init__(self, centroids: Tensor, precision: str) -> None:
        self._kernel = require_kernels(centroids.device).nearest_kernel
        self._tiles = _tiling(centroids.size(1), precision, centroids.device)
        self._dot = DOT_PRECISION[precision]
        self._dtype = torch.bfloat16 if precision == 'bf16' else torch.float32
        self._mean = centroids.mean(0)
        self._centroids = self._padded(centroids, self._tiles.block_n)
        # Of the rounded centroids, so that their rounding enters the scores
        # of near rows by x - c and not by x.
        norm = self._centroids.float().square().sum(1)
        norm[len(centroids) :] = float('inf')
        self._bias = norm.mul_(-0.5)

    def num_rows(self, num_bytes: int) -> int:
        """How many prepared rows so many bytes hold, in whole blocks."""
        row = self._tiles.depth * self._centroids.element_size()
        block = self._tiles.block_m
        return max(1, num_bytes // (row * block)) * block

    def prepared(self, rows: Tensor) -> Tensor:
        """The copy of rows (n, D) that :meth:`nearest` reads."""
        return self._padded(rows, self._tiles.block_m)

    def nearest(self, x: Tensor) -> Tensor:
        """Labels int32 of prepared rows, those of padding included."""
        tiles, num = self._tiles, len(x)
        best = x.new_empty(tiles.splits, num, dtype=torch.float32)
        label = x.new_empty(tiles.splits, num, dtype=torch.int32)
        num_clusters = len(self._centroids)
        share = -(-num_clusters // (tiles.block_n * tiles.splits))
        self._kernel[(num // tiles.block_m * tiles.splits,)](
            *(x, self._centroids, self._bias, best, label),
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
        """Centred rows of the kernel's type, zero beyond n and D."""
        num, dim = rows.shape
        height = -(-num // block) * block
        padded = rows.new_empty(height, self._tiles.depth, dtype=self._dtype)
        padded[num:] = 0
        padded[:num, dim:] = 0
        torch.sub(rows, self._mean, out=padded[:num, :dim])
        return padded


def _tiling(dim: int, precision: str, device: torch.device) -> Tiling:
    if device.type != 'cuda':
        return tiling(dim, precision, **_INTERPRETED)
    major, minor = torch.cuda.get_device_capability(device)
    properties = torch.cuda.get_device_properties(device)
    return tiling(
        dim,
        precision,
        10 * major + minor,
        properties.shared_memory_per_block_optin,
    )
