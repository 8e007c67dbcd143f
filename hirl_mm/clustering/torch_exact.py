"""Labels of a float32 search by products in tf32, without Triton."""

import torch
from torch import Tensor

from hirl_mm.features.tf32 import matmul_precision, to_tf32

from .exact_bounds import (
    GroupFacts,
    RowFacts,
    common_scale,
    squared_bounds,
)
from .searched_share import SearchedShare
from .torch_assignment import assign_torch

# Memory of the scores of one block of rows.
_BLOCK_BYTES = 2**28
# A row of scores is viewed as a table with this many columns, see
# torch_assignment.
_FOLD = 32


def assign_torch_exact(
    features: Tensor,
    centroids: Tensor,
    searched: SearchedShare | None = None,
) -> tuple[Tensor, Tensor]:
    """Assign rows to their nearest centroids, with the labels of float32.

    The products are computed in tf32 first. A row whose second best centroid
    is excluded by the bounds of :mod:`.exact_bounds` has its label; all others
    are searched again by ``assign_torch`` in float32. The mean of the
    centroids is subtracted from both before. The host waits once for the
    device, for the number of rows to search again.

    Args:
        features: (n, D) float32, rows to assign, on a GPU with tf32. On other
            devices the result is the same, but nothing is faster.
        centroids: (K, D) float32.
        searched: Counts the distances that are computed in float32; None not
            to count.

    Returns:
        Labels (n,) long and squared distances (n,) float32.

    Raises:
        ValueError: If there are more than 2^16 coordinates.
    """
    num, dim = features.shape
    num_clusters = len(centroids)
    mean = centroids.mean(0)
    centred = centroids - mean
    scale = common_scale(centred)
    padding = -num_clusters % _FOLD
    c = to_tf32(centred * scale)
    each = RowFacts.of(centred * scale, c)
    groups = GroupFacts.of(each, scale, num_clusters, dim)
    c = torch.nn.functional.pad(c, (0, 0, 0, padding))
    bias = each.square.mul(-0.5)
    bias = torch.nn.functional.pad(bias, (0, padding), value=-torch.inf)
    block = max(1, _BLOCK_BYTES // (4 * len(c)))
    labels = features.new_empty(num, dtype=torch.long)
    settled = torch.empty_like(labels, dtype=torch.bool)
    distance = features.new_empty(num)
    scratch = features.new_empty(min(num, block), len(c))
    for start in range(0, num, block):
        part = slice(start, start + block)
        x = (features[part] - mean) * scale
        rounded = to_tf32(x)
        with matmul_precision('tf32'):
            scores = torch.addmm(bias, rounded, c.T, out=scratch[: len(x)])
        best, labels[part] = _best_two(scores)
        facts = (fact[:, None] for fact in RowFacts.of(x, rounded))
        lower, upper = squared_bounds(best, RowFacts(*facts), groups, dim)
        settled[part] = lower[:, 1] > upper[:, 0]
    again = settled.logical_not().nonzero()[:, 0]
    if len(again):
        rows = features[again] - mean
        labels[again] = assign_torch(rows, centred)[0]
    for start in range(0, num, block):
        part = slice(start, start + block)
        off = features[part] - centroids[labels[part]]
        distance[part] = torch.linalg.vector_norm(off, dim=1).square_()
    if searched is not None:
        searched.add(len(again) * num_clusters, num * num_clusters)
    return labels, distance


def _best_two(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two largest scores (n, 2), descending, and the best's index.

    The second is minus infinity if there is only one column.
    """
    table = scores.view(len(scores), -1, _FOLD)
    of_column, column = table.amax(dim=1).topk(2, dim=1)
    best = column[:, :1, None].expand(-1, table.size(1), 1)
    in_column = table.gather(2, best)[..., 0]
    in_column = torch.nn.functional.pad(in_column, (0, 1), value=-torch.inf)
    top, row = in_column.topk(2, dim=1)
    second = torch.maximum(of_column[:, 1], top[:, 1])
    index = row[:, 0] * _FOLD + column[:, 0]
    return torch.stack([top[:, 0], second], dim=1), index
