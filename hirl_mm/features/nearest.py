"""Nearest neighbours within one set of features."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .candidates import SPARE, find_candidates, product_error
from .finite import check_finite
from .ranked import rank_candidates, search_exactly
from .row_blocks import RowBlocks
from .shard import Shard, holding_ranks, missing_samples

# Rows in a block. On a CPU two blocks and their similarities should about fit
# in the caches; a GPU waits for the host a few times per pair of blocks, which
# has to be rare.
_CHUNK_SIZE = {'cpu': 2048, 'cuda': 16384}
# Share of the rows that float64 searches again without another try before,
# which may be many times slower than float32.
_FEW = 1 / 32


@torch.no_grad()
def nearest_neighbors(
    features: Tensor,
    k: int,
    *,
    sample_idx: Tensor | None = None,
    chunk_size: int | None = None,
) -> Tensor:
    """Find the ``k`` rows most similar to every row, by cosine similarity.

    The search is exact, and its result does not depend on the device, the
    size of the blocks or how rows are spread over ranks: similarities are
    those of unit rows whose coordinates are rounded to multiples of 2^-26,
    which float64 multiplies exactly in any order. Candidates are found by
    faster products with a proven error; only candidates that these cannot
    tell apart are multiplied again. A row for which they cannot tell which
    rows are candidates, as is one with many copies, is compared with all rows
    in float64.

    A row is not its own neighbour, but copies of it are neighbours. Rows are
    compared in blocks, so that no more than ``chunk_size ** 2`` similarities
    exist at a time. Blocks of a set that is distributed over ranks are
    broadcast to all ranks, one after the other.

    Time and memory are stated in ``benchmarks/README.md``.

    Args:
        features: (n, D) floating point, of the same type on all ranks.
        k: Number of neighbours of every row, less than the number of rows.
        sample_idx: (n,) long, if the set of N rows is distributed over all
            ranks: indices of the rows of this rank in the set. Over all ranks
            every index from 0 to N - 1 must occur exactly once. This is then
            a collective call. None if this process holds the whole set.
        chunk_size: Number of rows in a block; None for 2048 on a CPU and
            16384 on other devices.

    Returns:
        (n, k) long, neighbours of every row, the most similar first: indices
        of rows, or sample indices if ``sample_idx`` is given. If two
        similarities are equal, the neighbour with the smaller index comes
        first.

    Raises:
        ValueError: If the shapes do not match, ``k`` is out of range, or the
            sample indices are not the numbers from 0 to N - 1.
        NonFiniteFeaturesError: If a feature is NaN or infinite.

    Example:
        >>> features = torch.tensor([[1., 0.], [4., 1.], [0., 1.], [2., 0.]])
        >>> nearest_neighbors(features, k=2)
        tensor([[3, 1],
                [0, 3],
                [1, 0],
                [0, 1]])
    """
    shard = _checked(features, k, sample_idx, chunk_size)
    device = shard.features.device.type
    if chunk_size is None:
        chunk_size = _CHUNK_SIZE.get(device, _CHUNK_SIZE['cuda'])
    precisions = ('tf32', 'fp32') if device == 'cuda' else ('fp32',)
    return search(RowBlocks(shard, chunk_size), k, precisions)


def search(blocks: RowBlocks, k: int, precisions: Sequence[str]) -> Tensor:
    """Find the neighbours of the rows of this rank, a collective call.

    Args:
        blocks: Rows of all ranks.
        k: Number of neighbours.
        precisions: Precisions of the products that find candidates,
            ``'fp32'`` or ``'tf32'``; the next one is tried if one leaves too
            many rows. The result does not depend on them.

    Returns:
        (n, k) long.
    """
    shard = blocks.shard
    num = min(k + SPARE, shard.total - 1)
    for precision in precisions:
        scores, found = find_candidates(blocks, num, precision)
        apart = 2 * product_error(shard.features.size(1), precision)
        # All other rows are candidates, or enough of them are worse.
        settled = scores[:, k - 1].double() - scores[:, -1] > apart
        settled |= num == shard.total - 1
        left = int(shard.sum(settled.logical_not().sum()))
        if left <= _FEW * shard.total:
            break
    neighbors = rank_candidates(blocks, scores, found, settled, k, apart)
    if left:
        again = settled.logical_not().nonzero().flatten()
        neighbors[again] = search_exactly(blocks, again, k)
    return neighbors


def _checked(
    features: Tensor, k: int, sample_idx: Tensor | None, chunk_size: int | None
) -> Shard:
    if features.ndim != 2 or not features.is_floating_point():
        raise ValueError(
            'features must be a floating point tensor (n, D), got '
            f'{features.dtype} of shape {tuple(features.shape)}'
        )
    if sample_idx is not None and sample_idx.shape != features.shape[:1]:
        raise ValueError(
            f'sample_idx must hold one index for each of the {len(features)} '
            f'rows, got shape {tuple(sample_idx.shape)}'
        )
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    shard = Shard(features.detach().contiguous(), sample_idx)
    if not 1 <= k < shard.total:
        raise ValueError(
            'k must be at least 1 and less than the number of rows, since no '
            f'row is its own neighbour, got k = {k} and {shard.total} rows'
        )
    if sample_idx is not None:
        holder = holding_ranks(shard.sample_idx, shard.total)
        missing = missing_samples(holder)
        if len(missing):
            raise ValueError(
                'the sample indices must be the numbers from 0 to '
                f'{shard.total - 1}, but {len(missing)} are missing, the '
                f'first {missing[:5].tolist()}'
            )
    check_finite(shard.features, shard.sample_idx, over_ranks=shard.is_spread)
    return shard
