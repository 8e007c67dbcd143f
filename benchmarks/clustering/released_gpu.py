"""The clustering schedule of HIRL's released code, with its costs.

An emulation from the described behaviour of ``faiss.Clustering`` on a GPU
index, which the released code calls: float32, features in host memory that
travel to the device in every iteration, labels that travel back, means on the
CPU, every iteration of every restart at every level.
"""

import time
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.common.timing import synchronize
from hirl_mm.clustering.assignment import assign_torch
from hirl_mm.clustering.empty_clusters import split_into_empty

# Rows that travel at a time.
_BATCH = 2**16


class ReleasedSchedule:
    """Cluster as the released code does.

    Args:
        device: Device of the assignments.
        num_iters: Iterations of every restart.
        num_restarts: Restarts of every level.
        emulated_iters: Number of iterations of one restart per level to
            measure; the time is extrapolated to all iterations and restarts.
            None to run all.
        clock: Function that returns seconds.
    """

    def __init__(
        self,
        device: str,
        num_iters: int = 20,
        num_restarts: int = 5,
        emulated_iters: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.device = device
        self.num_iters = num_iters
        self.num_restarts = num_restarts
        self.emulated_iters = emulated_iters
        self.clock = clock

    def __call__(
        self, features: Tensor, num_prototypes: Sequence[int], seed: int
    ) -> tuple[float, list[float] | None]:
        """Cluster.

        Args:
            features: (n, D) float32, in host memory.
            num_prototypes: Number of prototypes per level, from fine to
                coarse.
            seed: Level l takes ``seed + l``, as hierarchical_kmeans does.

        Returns:
            Seconds, and the objective per level; None for the latter if the
            time is extrapolated.
        """
        seconds, objectives = 0.0, []
        rows = F.normalize(features, dim=1)
        for level, num in enumerate(num_prototypes):
            spent, centroids, objective = self._level(rows, num, seed + level)
            seconds += spent
            objectives.append(objective)
            rows = F.normalize(centroids, dim=1)
        return seconds, None if self.emulated_iters else objectives

    def _level(
        self, rows: Tensor, num: int, seed: int
    ) -> tuple[float, Tensor, float]:
        generator = torch.Generator().manual_seed(seed)
        emulated = self.emulated_iters
        restarts = 1 if emulated else self.num_restarts
        start = self.clock()
        runs = [
            self._run(rows, num, emulated or self.num_iters, generator)
            for _ in range(restarts)
        ]
        spent = self.clock() - start
        if emulated:
            spent *= self.num_restarts * self.num_iters / emulated
        best, _ = min(runs, key=lambda run: run[1])
        start = self.clock()
        _, objective = self._assign(rows, best)
        return spent + self.clock() - start, best, objective

    def _run(
        self,
        rows: Tensor,
        num: int,
        num_iters: int,
        generator: torch.Generator,
    ) -> tuple[Tensor, float]:
        drawn = torch.randperm(len(rows), generator=generator)[:num]
        centroids, objective = rows[drawn], float('inf')
        for _ in range(num_iters):
            labels, objective = self._assign(rows, centroids)
            sums = torch.zeros_like(centroids).index_add_(0, labels, rows)
            counts = torch.bincount(labels, minlength=num)
            means = sums / counts.clamp(min=1)[:, None]
            centroids = split_into_empty(means, counts, generator)
        return centroids, objective

    def _assign(self, rows: Tensor, centroids: Tensor) -> tuple[Tensor, float]:
        """Return labels (n,) in host memory, and the objective."""
        labels = torch.empty(len(rows), dtype=torch.long)
        objective, on_device = 0.0, centroids.to(self.device)
        for start in range(0, len(rows), _BATCH):
            batch = slice(start, start + _BATCH)
            label, distance = assign_torch(
                rows[batch].to(self.device), on_device
            )
            labels[batch] = label.cpu()
            objective += float(distance.double().sum())
        synchronize(self.device)
        return labels, objective
