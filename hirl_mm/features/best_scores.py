"""The best scores of every row, updated by blocks of scores."""

import torch
from torch import Tensor

# Scores of a row are compared with the worst kept one in groups of this size,
# by their maximum. Their number of columns must be a multiple of it.
GROUP = 16


def update_best(
    best: Tensor, best_idx: Tensor, scores: Tensor, idx: Tensor
) -> None:
    """Replace the best scores of rows by better ones, in place.

    Only scores that may be among the best are looked at one by one. They are
    found by the maxima of groups of columns, which are computed at the speed
    of memory.

    Args:
        best: (n, m), the best scores of every row so far, in descending
            order; minus infinity where there are fewer.
        best_idx: (n, m) long, what these are the scores of.
        scores: (n, c), more scores; c is a multiple of ``GROUP``. Minus
            infinity for columns to leave out.
        idx: (c,) long, what the columns are.
    """
    grouped = scores.unflatten(1, (GROUP, -1))
    top = _maxima(scores)
    low = _lower_bound(best, top)
    row, group = (top >= low[:, None]).nonzero(as_tuple=True)
    found = grouped[row, :, group]
    pair, member = (found >= low[row, None]).nonzero(as_tuple=True)
    row = row[pair]
    column = member * grouped.size(2) + group[pair]
    _insert(best, best_idx, row, found[pair, member], idx[column])


def _maxima(scores: Tensor) -> Tensor:
    """Return the maxima of all groups of columns, (n, c / GROUP).

    The reduced dimension must not be that of the neighbouring numbers, or the
    maximum takes 15 times as long on a CPU.
    """
    if scores.stride(1) == 1:
        return scores.unflatten(1, (GROUP, -1)).amax(1)
    return scores.T.unflatten(0, (GROUP, -1)).amax(0).T


def _lower_bound(best: Tensor, top: Tensor) -> Tensor:
    """Return scores (n,) that the new m best scores of every row reach.

    The maxima of m groups are m scores.
    """
    num = best.size(1)
    low = best[:, -1]
    if num > top.size(1) or not low.isneginf().any():
        return low
    return torch.maximum(low, top.topk(num, dim=1).values[:, -1])


def _insert(
    best: Tensor, best_idx: Tensor, row: Tensor, score: Tensor, idx: Tensor
) -> None:
    """Insert scores of some rows, given in ascending order of the rows."""
    count = row.bincount(minlength=len(best))
    changed = count.nonzero().flatten()
    if not len(changed):
        return
    num = best.size(1)
    width = num + int(count.max())
    values = best.new_full((len(changed), width), -torch.inf)
    values[:, :num] = best[changed]
    index = best_idx.new_zeros(len(changed), width)
    index[:, :num] = best_idx[changed]
    place = torch.arange(len(row), device=row.device)
    place += num - (count.cumsum(0) - count)[row]
    at = ((count > 0).cumsum(0) - 1)[row]
    values[at, place] = score
    index[at, place] = idx
    values, order = values.topk(num, dim=1)
    best[changed] = values
    best_idx[changed] = index.gather(1, order)
