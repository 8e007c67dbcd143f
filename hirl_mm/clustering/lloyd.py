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
    """Conditions under which a run ends.

    Args:
        num_iters: Largest number of iterations.
        tol: Relative tolerance: the run ends once an iteration changes the
            objective by less than this share of it. A run in which nothing
            moves ends in any case.
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

    Per iteration the ranks exchange the (K, D) sums, the (K,) counts and one
    number, whatever the number of rows.

    Args:
        shard: The rows.
        centroids: (K, D) float32.
        stop: Conditions under which the run ends.
        assign: Function that assigns rows to centroids, from
            :func:`~hirl_mm.clustering.assignment.assignment`.
        generator: Random numbers for the splits of populous clusters.
        on_progress: Called after every iteration with the share of the
            iterations that are done, 1 at the end.

    Returns:
        Centroids (K, D), and the objective of those before the last update.
    """
    objective = float('inf')
    for iteration in range(stop.num_iters):
        labels, distance = assign(shard.features, centroids)
        last, objective = objective, shard.total_of(distance)
        means = _means(shard, labels, centroids, generator)
        unmoved = torch.equal(means, centroids)
        centroids = means
        if unmoved or abs(last - objective) < stop.tol * last:
            break
        on_progress((iteration + 1) / stop.num_iters)
    on_progress(1.0)
    return centroids, objective


def _means(
    shard: Shard, labels: Tensor, centroids: Tensor, generator: torch.Generator
) -> Tensor:
    """Mean of the members of every cluster; empty ones take over others'."""
    sums, counts = cluster_sums(shard.features, labels, len(centroids))
    sums, counts = shard.sum(sums), shard.sum(counts.int())
    means = sums / counts.clamp(min=1)[:, None]
    return split_into_empty(means, counts, generator)
