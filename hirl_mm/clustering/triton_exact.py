"""Labels of a float32 search on a GPU at the speed of tensor cores."""

from types import ModuleType

import torch
from torch import Tensor

from .exact_bounds import GroupFacts, RowFacts, common_scale, constants
from .searched_share import SearchedShare
from .triton_assignment import (
    Search,
    assign_triton,
    require_kernels,
    tiling_for,
)

# Memory of what is known of a chunk of rows: six bytes per row and group of
# centroids, and the rounded rows.
_CHUNK_BYTES = 2**29
# With fewer groups a float32 search is as fast.
_FEWEST_GROUPS = 4
_ROWS_TO_SEARCH = 64
_COLUMNS_TO_SEARCH = 128
_SMALLEST_WINDOW, _LARGEST_WINDOW = 1024, 16384
# Lower than the key of any score, with the label 0.
_NO_KEY = -(2**63) + 2**31 - 1


def assign_exact(
    features: Tensor,
    centroids: Tensor,
    searched: SearchedShare | None = None,
) -> tuple[Tensor, Tensor]:
    """Assign rows to their nearest centroids, with the labels of float32.

    The labels are those of ``assign_triton(features, centroids, 'fp32')``,
    also where centroids are equally near. A pass in fp16 over scaled operands
    bounds the distances of every row to every group of 64 to 256 centroids;
    :mod:`.exact_bounds` states and proves the bounds. The groups that may hold
    the nearest centroid are then searched in float32, for a row that is near
    one centroid a single one. fp16 has the significand of tf32 at twice its
    rate, and the scales keep it in its range.

    Why groups and not the best two of a row: in fp16 a row has one centroid or
    a few within the bound. A second pass over all K for every row that has two
    would take as long as a pass over all N for some percent of the rows, while
    one group in a hundred is a hundredth of it; and a tile that keeps only its
    maximum takes half of the instructions of one that keeps the place, too.

    Args:
        features: (n, D) floating point, rows to assign, on a CUDA device.
        centroids: (K, D) floating point.
        searched: Counts the distances that are computed in float32; None not
            to count.

    Returns:
        Labels (n,) long and squared distances (n,) float32.

    Raises:
        ValueError: If there are no centroids, or more than 2^16 coordinates.
        StackError: If Triton is not installed or does not support the device.
    """
    size = tiling_for(features.size(1), 'bf16', features.device).block_n
    num = len(features)
    if not num or len(centroids) <= size * _FEWEST_GROUPS:
        if searched is not None:
            searched.add(num * len(centroids), num * len(centroids))
        return assign_triton(features, centroids, 'fp32')
    kernels = require_kernels(features.device)
    labels = features.new_full((num,), _NO_KEY, dtype=torch.long)
    distance = features.new_empty(num, dtype=torch.float32)
    centroids = centroids.float().contiguous()
    count = features.new_zeros(1, dtype=torch.long)
    with torch.cuda.device_of(features):
        search = GroupSearch(centroids)
        chunk = search.num_rows(_CHUNK_BYTES)
        for part, rows in zip(
            labels.split(chunk), features.split(chunk), strict=True
        ):
            search.improve(rows, part, count)
        # The lowest bits of a key are the complement of the label.
        labels.bitwise_not_().bitwise_and_(2**31 - 1)
        kernels.distance_kernel[(-(-num // 16),)](
            *(features, centroids, labels, distance, num, features.size(1)),
            *features.stride(),
            BLOCK_M=16,
            BLOCK_D=128,
        )
    if searched is not None:
        searched.add(count * search.group_size, num * len(centroids))
    return labels, distance


def require_exact_kernels(device: torch.device) -> ModuleType:
    """Import and return the module of the kernels.

    Raises:
        StackError: If Triton is not installed or does not support the device.
    """
    require_kernels(device)
    from . import triton_exact_kernels

    return triton_exact_kernels


def search_stages(depth: int) -> int:
    """Return the stages of the loop of the float32 search over coordinates.

    With three stages a thread spills a register on sm_90 if there are many.

    Args:
        depth: Number of coordinates after padding.
    """
    return 2 if depth > 1024 else 3


class GroupSearch:
    """Search of nearest centroids by groups, with the centroids prepared once.

    Args:
        centroids: (K, D) float32, on the GPU.

    Attributes:
        group_size: Number of centroids of a group, the columns of a tile.
        mean: (D,) float32, mean of the centroids.
        scale: Scalar, see :func:`~.exact_bounds.common_scale`.
        groups: Facts of the groups.
    """

    def __init__(self, centroids: Tensor) -> None:
        num, dim = centroids.shape
        self._kernels = require_exact_kernels(centroids.device)
        self._tiles = tiling_for(dim, 'bf16', centroids.device)
        self._constants = constants(dim)
        self._float32 = Search(centroids, 'fp32')
        self.mean = self._float32.mean
        self.group_size = self._tiles.block_n
        self._num_groups = -(-num // self.group_size)
        centred = self._float32.table[:num, :dim]
        self.scale = common_scale(centred)
        padded = self._num_groups * self.group_size
        self._table, facts = self._rounded(centroids, padded, own_scale=False)
        each = RowFacts(*facts[1:])
        self.groups = GroupFacts.of(each, self.scale, self.group_size, dim)
        self._stacked = torch.stack(self.groups)
        self._bias = each.square.mul(-0.5)
        self._bias[num:] = float('-inf')

    def num_rows(self, num_bytes: int) -> int:
        """Return how many rows fit in memory, in whole blocks."""
        tiles = self._tiles
        row = 6 * self._num_groups + 2 * tiles.depth + 4 * (4 + tiles.splits)
        return max(1, num_bytes // (row * tiles.block_m)) * tiles.block_m

    def improve(self, rows: Tensor, best: Tensor, count: Tensor) -> None:
        """Raise the best key of every row to that of its nearest centroid.

        Args:
            rows: (n, D) floating point.
            best: (n,) long, keys, which hold a score and a label.
            count: (1,) long; the number of pairs of a row and a group that are
                searched in float32 is added to it.
        """
        tiles, num = self._tiles, len(rows)
        lower, upper = self.bounds(*self.prepared(rows))
        place = lower.new_empty(lower.shape, dtype=torch.int16)
        window = self._window()
        exact = self._float32
        num_windows = -(-num // window)
        self._kernels.candidates_kernel[(num_windows * self._num_groups,)](
            *(rows, self.mean, exact.table, exact.bias, lower, upper, place),
            *(best, count, num, lower.size(1)),
            *(self._num_groups, len(exact.table)),
            *(rows.size(1), *rows.stride()),
            SPLITS=tiles.splits,
            WINDOW=window,
            GROUP=self.group_size,
            DEPTH=exact.table.size(1),
            BLOCK_M=_ROWS_TO_SEARCH,
            BLOCK_N=min(self.group_size, _COLUMNS_TO_SEARCH),
            BLOCK_D=16,
            num_stages=search_stages(exact.table.size(1)),
        )

    def prepared(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return rounded rows (n', D') in whole tiles, and facts (4, n').

        The facts are the inverse of the scale of a row, and RowFacts.
        """
        block = self._tiles.block_m
        padded = -(-len(rows) // block) * block
        return self._rounded(rows, padded, own_scale=True)

    def bounds(self, x: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
        """Bound the squared distances of prepared rows, times scale^2.

        Returns:
            Lower bounds (G, n') of the groups, and upper bounds (splits, n')
            of the nearest centroid of a share of the groups.
        """
        tiles, num = self._tiles, len(x)
        lower = facts.new_empty(self._num_groups, num)
        upper = facts.new_empty(tiles.splits, num)
        share = -(-self._num_groups // tiles.splits) * self.group_size
        self._kernels.bounds_kernel[(num // tiles.block_m * tiles.splits,)](
            *(x, self._table, self._bias, facts, self._stacked, lower, upper),
            *(num, len(self._table), share),
            *(self._constants.products, self._constants.sums),
            DEPTH=tiles.depth,
            SPLITS=tiles.splits,
            BLOCK_M=tiles.block_m,
            BLOCK_N=tiles.block_n,
            BLOCK_D=tiles.block_d,
            num_warps=tiles.num_warps,
            num_stages=tiles.num_stages,
        )
        return lower, upper

    def _rounded(
        self, rows: Tensor, padded: int, own_scale: bool
    ) -> tuple[Tensor, Tensor]:
        """Return scaled fp16 rows (padded, depth) and facts (4, padded)."""
        depth, dim = self._tiles.depth, rows.size(1)
        rounded = rows.new_empty(padded, depth, dtype=torch.half)
        facts = rows.new_empty(4, padded, dtype=torch.float32)
        self._kernels.round_kernel[(padded // 16,)](
            *(rows, self.mean, self.scale, rounded, facts),
            *(len(rows), padded, dim, *rows.stride()),
            1 + (dim + 16) * 2**-23,
            OWN_SCALE=own_scale,
            DEPTH=depth,
            BLOCK_M=16,
            BLOCK_D=min(depth, 64),
        )
        return rounded, facts

    def _window(self) -> int:
        """Return a number of rows of which a group is the nearest of ~64."""
        wanted = 64 * self._num_groups
        window = 1 << (wanted - 1).bit_length()
        return min(max(window, _SMALLEST_WINDOW), _LARGEST_WINDOW)
