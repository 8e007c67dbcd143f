"""Sums of the members of every cluster, reproducible to the bit."""

import torch
from torch import Tensor

from hirl_mm.stack.triton_support import has_triton

from .triton_assignment import require_kernels

# Memory of the copy of sorted rows, which is made for some columns at a time.
_SCRATCH_BYTES = 2**28


def cluster_sums(
    features: Tensor, labels: Tensor, num_clusters: int
) -> tuple[Tensor, Tensor]:
    """Return the sum and the number of the rows of every cluster.

    On a GPU ``index_add_`` adds rows in another order in every run. There the
    labels are sorted (stably) instead, and the rows of every cluster are
    summed in their order: with Triton by a kernel that reads the rows in
    place, without Triton by ``torch.segment_reduce`` on sorted copies of some
    columns at a time.

    Args:
        features: (n, D) float32, rows to sum.
        labels: (n,) long, clusters of the rows, from 0 to K - 1.
        num_clusters: Number of clusters K.

    Returns:
        Sums (K, D) float32 and counts (K,) long.
    """
    if features.device.type == 'cpu':
        return sums_by_index(features, labels, num_clusters)
    if has_triton(features.device):
        return sums_by_kernel(features, labels, num_clusters)
    return sums_by_segments(features, labels, num_clusters)


def sums_by_index(
    features: Tensor, labels: Tensor, num_clusters: int
) -> tuple[Tensor, Tensor]:
    """Sum by ``index_add_``, which on a CPU adds the rows in their order."""
    sums = features.new_zeros(num_clusters, features.size(1))
    sums.index_add_(0, labels, features)
    return sums, torch.bincount(labels, minlength=num_clusters)


def sums_by_kernel(
    features: Tensor, labels: Tensor, num_clusters: int
) -> tuple[Tensor, Tensor]:
    """Sum by a Triton kernel over sorted labels, without copying the rows."""
    kernels = require_kernels(features.device)
    order, bounds = _sorted(labels, num_clusters)
    dim = features.size(1)
    sums = features.new_empty(num_clusters, dim)
    block = min(128, 1 << (dim - 1).bit_length())
    with torch.cuda.device_of(features):
        kernels.segment_sum_kernel[(num_clusters, -(-dim // block))](
            *(features, order, bounds, sums, dim),
            *features.stride(),
            BLOCK_M=16,
            BLOCK_D=block,
        )
    return sums, bounds.diff()


def sums_by_segments(
    features: Tensor, labels: Tensor, num_clusters: int
) -> tuple[Tensor, Tensor]:
    """Sum by ``torch.segment_reduce`` over sorted copies of some columns."""
    order, bounds = _sorted(labels, num_clusters)
    num, dim = features.shape
    sums = features.new_empty(num_clusters, dim)
    row = max(1, num) * features.element_size()
    width = max(1, _SCRATCH_BYTES // row)
    for start in range(0, dim, width):
        columns = slice(start, start + width)
        sums[:, columns] = torch.segment_reduce(
            features[:, columns].index_select(0, order),
            'sum',
            lengths=bounds.diff(),
            axis=0,
            initial=0,
            unsafe=True,
        )
    return sums, bounds.diff()


def _sorted(labels: Tensor, num_clusters: int) -> tuple[Tensor, Tensor]:
    """Return the order of rows by label, and the start of each label.

    Returns:
        (n,) long, row numbers sorted by label; and (K + 1,) long, where in
        them each label begins and, last, n.
    """
    ordered, order = labels.sort(stable=True)
    clusters = torch.arange(num_clusters + 1, device=labels.device)
    return order, torch.searchsorted(ordered, clusters)
