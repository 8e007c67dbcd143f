"""One run of Lloyd's iterations."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hirl_mm.features import Shard

from .assignment import Assign
from .cluster_sums import cluster_sums
from .empty_clusters import split_into_empty


@dataclass(frozen=True)
class Stop:
    """Conditions for the end of a run.

    A run always ends if the centroids stop moving.

    Args:
        num_iters: Largest number of iterations.
        tol: Relative tolerance: the run ends if an iteration changes the
            objective by less than ``tol`` times the objective.
    """

    num_iters: int
    tol: float = 0.0

    def __post_init__(self) -> None:
        if self.num_iters < 1:
            raise ValueError(
                f'num_iters must be at least 1, got {self.num_iters}'
            )
        check_tol(self.tol)


def check_tol(tol: float) -> None:
    """Raise ValueError unless ``tol`` is at least 0 and below 1."""
    if not 0 <= tol < 1:
        raise ValueError(
            'tol is a share of the objective, at least 0 and below 1, '
            f'such as 1e-3, got {tol}'
        )


def lloyd(
    shard: Shard,
    centroids: Tensor,
    stop: Stop,
    assign: Assign,
    generator: torch.Generator,
    on_progress: Callable[[float], None],
) -> tuple[Tensor, float]:
    """Run Lloyd's iterations from the given centroids.

    In every iteration the ranks exchange the sums (K, D), the counts (K,) and
    one number, regardless of the number of rows.

    Args:
        shard: Rows to cluster, of this rank.
        centroids: (K, D) float32, initial centroids.
        stop: Conditions for the end of the run.
        assign: Function that assigns rows to centroids, from
            :func:`~hirl_mm.clustering.assignment.assignment`.
        generator: Random number generator for splitting large clusters.
        on_progress: Function that is called after every iteration with the
            fraction of the iterations that are done, and with 1 at the end.

    Returns:
        Centroids (K, D), and the objective of the centroids before the last
        update.
    """
    objective = float('inf')
    for iteration in range(stop.num_iters):
        labels, distance = assign(shard.features, centroids)
        total = shard.sum(distance.double().sum())
        means, counts = _means(shard, labels, len(centroids))
        # One copy to the host, which otherwise would wait for each.
        last = objective
        objective, has_empty, unmoved = torch.stack(
            [total, (counts == 0).any(), (means == centroids).all()]
        ).tolist()
        if has_empty:
            means = split_into_empty(means, counts, generator)
            unmoved = torch.equal(means, centroids)
        centroids = means
        if unmoved or abs(last - objective) < stop.tol * last:
            break
        on_progress((iteration + 1) / stop.num_iters)
    on_progress(1.0)
    return centroids, objective


def _means(
    shard: Shard, labels: Tensor, num_clusters: int
) -> tuple[Tensor, Tensor]:
    """Return the mean of every cluster, 0 if it is empty, and the counts."""
    sums, counts = cluster_sums(shard.features, labels, num_clusters)
    sums, counts = shard.sum(sums), shard.sum(counts.int())
    return sums / counts.clamp(min=1)[:, None], counts
