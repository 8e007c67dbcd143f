"""Nearest centroid of every row, by matrix products of blocks."""

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.features.tf32 import matmul_precision

# Memory of one block of similarities. On a CPU a block should about fit in the
# caches; a GPU needs enough rows to be used fully.
_BLOCK_BYTES = {'cpu': 8 * 2**20, 'cuda': 2**28}

# Largest number of columns of a block on a CPU. More columns do not make the
# product faster.
_MOST_COLUMNS = {'cpu': 2048}

# Number of additional coordinates that hold the bias of a centroid.
_BIAS = 2

# The maximum of a row of similarities is found by viewing the row as a table
# with this many columns. The maximum of every column runs at the speed of
# memory, and only the best column is searched for the index; `torch.max` over
# the whole row takes twice as long. Fewer than 32 columns do not fill the
# vector unit.
_FOLD = 32


def assign_torch(
    features: Tensor, centroids: Tensor, precision: str = 'fp32'
) -> tuple[Tensor, Tensor]:
    """Assign rows to their nearest centroids, without an n x K matrix.

    The nearest centroid maximises ``x.c - |c|^2 / 2``. These scores are
    computed in blocks of some rows and some centroids.

    Args:
        features: (n, D) float32, rows to assign.
        centroids: (K, D) float32.
        precision: Precision of the products that determine the labels:
            ``'fp32'``, ``'tf32'`` (on a GPU that supports it) or ``'bf16'``
            (operands rounded to bfloat16, sums in float32).

    Returns:
        Labels (n,) long and squared distances (n,). The distances are
        computed in float32, regardless of the precision of the labels.
    """
    num, dim = features.shape
    rows, cols = _block_size(len(centroids), dim, features.device.type)
    table = _with_bias(centroids, precision, cols)
    # Allocated once: new memory for every block takes a tenth of the time.
    x = features.new_ones(min(rows, num), dim + _BIAS)
    scratch = features.new_empty(len(x) * cols)
    labels = features.new_zeros(num, dtype=torch.long)
    score = features.new_full((num,), -torch.inf)
    distance = torch.empty_like(score)
    with matmul_precision(precision):
        for start in range(0, num, rows):
            part = slice(start, start + rows)
            here = features[part]
            x[: len(here), :dim] = _rounded(here, precision)
            for first in range(0, len(table), cols):
                best, index = _best_row(
                    x[: len(here)], table[first : first + cols], scratch
                )
                better = best > score[part]
                score[part] = torch.where(better, best, score[part])
                labels[part] = torch.where(better, index + first, labels[part])
            if precision == 'fp32':
                norm = torch.linalg.vector_norm(here, dim=1)
                distance[part] = norm.square_().sub_(score[part], alpha=2)
            else:
                off = here - centroids[labels[part]]
                distance[part] = torch.linalg.vector_norm(off, dim=1).square_()
    return labels, distance.clamp_(min=0)


def _best_row(
    x: Tensor, table: Tensor, scratch: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the score and index (n,) of the best row of the table per row."""
    scores = scratch[: len(x) * len(table)].view(len(x), len(table))
    torch.mm(x, table.T, out=scores)
    scores = scores.view(len(x), -1, _FOLD)
    best, column = scores.amax(dim=1).max(dim=1)
    in_column = scores.gather(
        2, column[:, None, None].expand(-1, scores.size(1), 1)
    )
    return best, in_column[..., 0].max(dim=1).indices * _FOLD + column


def _block_size(num_clusters: int, dim: int, device: str) -> tuple[int, int]:
    """Return the number of rows and columns of a block that fit in memory."""
    budget = _BLOCK_BYTES.get(device, _BLOCK_BYTES['cuda']) // 4
    num_blocks = -(-num_clusters // _MOST_COLUMNS.get(device, num_clusters))
    cols = -(-num_clusters // num_blocks // _FOLD) * _FOLD
    return max(1, budget // (cols + dim + _BIAS)), cols


def _with_bias(centroids: Tensor, precision: str, multiple: int) -> Tensor:
    """Return rows (c, -|c|^2 / 2), to be multiplied with (x, 1).

    A bias in additional coordinates is faster than adding it to every score.
    It is split into two coordinates, its nearest bfloat16 and the remainder,
    since tf32 would round the bias but not these two. The last block is
    filled up with rows that are never the best.
    """
    bias = centroids.square().sum(1, keepdim=True).mul_(-0.5)
    coarse = bias.bfloat16().float()
    missing = 0, 0, 0, -len(centroids) % multiple
    return torch.cat(
        [
            F.pad(_rounded(centroids, precision), missing),
            F.pad(coarse, missing, value=-torch.inf),
            F.pad(bias - coarse, missing),
        ],
        dim=1,
    )


def _rounded(operand: Tensor, precision: str) -> Tensor:
    """Round to bfloat16 for ``'bf16'``.

    float32 holds the products of such numbers exactly, and tf32 the numbers.
    """
    return operand.bfloat16().float() if precision == 'bf16' else operand
