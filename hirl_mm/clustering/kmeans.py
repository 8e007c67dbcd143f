from collections.abc import Callable

import torch
from torch import Tensor

from hirl_mm.features import Shard, check_finite

from .assignment import Backend, assignment
from .lloyd import Stop, lloyd
from .searched_share import SearchedShare

# A later restart is only kept if it is better by more than rounding errors, so
# that the choice does not depend on the order in which distances are summed.
_RESTART_MARGIN = 1e-6


def kmeans(
    features: Tensor,
    num_clusters: int,
    *,
    init: Tensor | None = None,
    num_iters: int = 20,
    num_restarts: int = 1,
    tol: float = 0.0,
    precision: str = 'fp32',
    seed: int = 0,
    backend: Backend = 'auto',
    sample_idx: Tensor | None = None,
    on_progress: Callable[[float], None] | None = None,
    searched: SearchedShare | None = None,
) -> tuple[Tensor, Tensor, float]:
    """Cluster rows by Lloyd's k-means with Euclidean distances.

    The algorithm is that of ``faiss.Clustering``, which HIRL's released code
    uses: initial centroids are distinct random rows, each run has
    ``num_iters`` iterations, the best of ``num_restarts`` runs is kept, and
    empty clusters are replaced by splitting large ones. There are two
    differences: a run ends early if the centroids stop moving, and the
    returned labels and objective belong to the returned centroids. Sums,
    means, objective and returned labels are computed in float32, regardless
    of ``precision``.

    Args:
        features: (n, D) floating point, rows to cluster; they are converted
            to float32.
        num_clusters: Number of clusters K.
        init: (K, D) initial centroids; None for K random rows.
        num_iters: Largest number of iterations of every run.
        num_restarts: Number of runs from different random rows; the run with
            the smallest objective is kept.
        tol: Relative tolerance: a run ends if an iteration changes the
            objective by less than ``tol`` times the objective. With 0 it
            ends only if the centroids stop moving, or after ``num_iters``
            iterations.
        precision: Precision of the assignments within a run, ``'fp32'``,
            ``'tf32'`` or ``'bf16'``, see
            :func:`~hirl_mm.clustering.assignment.assignment`.
        seed: Seed of the random rows and of the splits of clusters.
        backend: Backend of the assignments, ``'auto'``, ``'torch'``,
            ``'triton'``, ``'faiss'`` or a function, see
            :func:`~hirl_mm.clustering.assignment.assignment`.
        sample_idx: (n,) long, indices of ``features`` in the whole set if it
            is distributed over all ranks; None if this process holds the
            whole set. Every rank returns the same centroids and objective,
            and the labels of its own rows.
        on_progress: Function that is called after every iteration with the
            fraction of the work that is done, from 0 to 1; it jumps if a run
            ends early. None for none.
        searched: Counts the distances that a GPU computes in float32 after a
            pass in low precision; None not to count.

    Returns:
        Centroids (K, D) float32, labels (n,) long, and the objective, the sum
        of the squared distances of all rows of the whole set.

    Raises:
        ValueError: If an argument is out of range.
        NonFiniteFeaturesError: If a feature is NaN or infinite.
        StackError: If the backend is not installed or does not support the
            device.
    """
    if features.ndim != 2 or not features.is_floating_point():
        raise ValueError(
            'features must be a floating point tensor (n, D), got '
            f'{features.dtype} of shape {tuple(features.shape)}'
        )
    features = features.detach().float().contiguous()
    shard = Shard(features, sample_idx)
    check_finite(features, shard.sample_idx, over_ranks=shard.is_spread)
    _check_arguments(shard, num_clusters, init, num_restarts)
    stop = Stop(num_iters, tol)
    assign, final = (
        assignment(backend, features.device, num_clusters, of, searched)
        for of in (precision, 'fp32')
    )
    generator = torch.Generator().manual_seed(seed)
    best: Tensor | None = None
    best_objective = float('inf')
    for run in range(num_restarts):
        start = init
        if start is None:
            # int32 has the same permutation in three quarters of the time.
            drawn = torch.randperm(
                shard.total, generator=generator, dtype=torch.int32
            )
            drawn = drawn[:num_clusters].long()
            start = shard.rows(drawn.to(features.device))
        start = start.to(features)
        centroids, objective = lloyd(
            shard,
            start,
            stop,
            assign,
            generator,
            part_of(on_progress, run / num_restarts, 1 / num_restarts),
        )
        if objective < best_objective * (1 - _RESTART_MARGIN) or best is None:
            best, best_objective = centroids, objective
    assert best is not None  # there is a run
    labels, distance = final(features, best)
    return best, labels, shard.total_of(distance)


def part_of(
    on_progress: Callable[[float], None] | None, done: float, share: float
) -> Callable[[float], None]:
    """Return a function that reports the progress of one part of the work.

    Args:
        on_progress: Function to call with the fraction of the whole work that
            is done; None for none.
        done: Fraction of the whole work that is done before this part.
        share: Fraction of the whole work that this part is.

    Returns:
        A function to call with the fraction of this part that is done.
    """

    def report(part: float) -> None:
        if on_progress is not None:
            on_progress(done + share * part)

    return report


def _check_arguments(
    shard: Shard,
    num_clusters: int,
    init: Tensor | None,
    num_restarts: int,
) -> None:
    if not 1 <= num_clusters <= shard.total:
        raise ValueError(
            f'num_clusters must lie between 1 and the number of rows, '
            f'{shard.total}, got {num_clusters}'
        )
    if num_restarts < 1:
        raise ValueError(
            f'num_restarts must be at least 1, got {num_restarts}'
        )
    if init is None:
        return
    if num_restarts != 1:
        raise ValueError(
            f'every restart from a given init ends at the same centroids: '
            f'use num_restarts=1, got {num_restarts}'
        )
    expected = (num_clusters, shard.features.size(1))
    if tuple(init.shape) != expected:
        raise ValueError(
            f'init must have shape {expected}, one row per cluster, got '
            f'{tuple(init.shape)}'
        )
