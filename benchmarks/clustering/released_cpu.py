"""The clustering of HIRL's released code, in the same order of steps.

An independent emulation for the comparison of times, written from what
``utils/clustering.py`` is described to do: per level ``faiss.Clustering``
with 20 iterations and 5 restarts and a search for the labels, then lists
over all samples in Python, a density per cluster, and the similarities of
all pairs of prototypes of neighbouring levels. Left out: saving these to a
file, and sending them to other ranks.
"""

import math
from collections.abc import Sequence
from types import ModuleType

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.common.stopwatch import Stopwatch

PARTS = 'k-means', 'lists', 'density', 'similarities', 'other'
_TEMPERATURE = 0.2
_SMOOTHING = 10
_MOST_POINTS, _FEWEST_POINTS = 1000, 10


def released_schedule(
    faiss: ModuleType,
    features: Tensor,
    num_prototypes: Sequence[int],
    num_iters: int,
    num_restarts: int,
    seed: int,
    watch: Stopwatch,
) -> list[float]:
    """Cluster as the released code does.

    Results other than the objectives are computed and dropped.

    Args:
        faiss: The module.
        features: (N, D) float32 unit rows.
        num_prototypes: Number of prototypes per level, from fine to coarse.
        num_iters: Iterations of every restart.
        num_restarts: Restarts of every level.
        seed: Level l takes ``seed + l``.
        watch: Stopwatch with the parts ``PARTS``.

    Returns:
        The objective of every level.
    """
    rows, sample_labels, below = features.numpy(), None, None
    objectives = []
    for level, num in enumerate(num_prototypes):
        with watch.part('k-means'):
            centroids, distance, found = _cluster(
                faiss, rows, num, num_iters, num_restarts, seed + level
            )
        objectives.append(float(distance.sum(dtype=np.float64)))
        with watch.part('lists'):
            labels = [int(row[0]) for row in found]
            members = [[] for _ in range(num)]
            for row, label in enumerate(labels):
                members[label].append(distance[row][0])
            if sample_labels is None:
                sample_labels = labels
            else:
                sample_labels = [labels[parent] for parent in sample_labels]
        with watch.part('density'):
            density(members)
        prototypes = F.normalize(torch.from_numpy(centroids), dim=1)
        if below is not None:
            with watch.part('similarities'):
                below @ prototypes.T
        below = prototypes
        rows = prototypes.numpy()
    return objectives


def _cluster(
    faiss: ModuleType,
    rows: np.ndarray,
    num: int,
    num_iters: int,
    num_restarts: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    dim = rows.shape[1]
    clustering = faiss.Clustering(dim, num)
    clustering.niter = num_iters
    clustering.nredo = num_restarts
    clustering.seed = seed
    clustering.max_points_per_centroid = _MOST_POINTS
    clustering.min_points_per_centroid = _FEWEST_POINTS
    index = faiss.IndexFlatL2(dim)
    clustering.train(rows, index)
    distance, found = index.search(rows, 1)
    centroids = faiss.vector_to_array(clustering.centroids)
    return centroids.reshape(num, dim), distance, found


def density(members: list[list[float]]) -> np.ndarray:
    """Return the density of clusters as PCL defines it.

    It is the mean distance over the logarithm of the size, clipped to its
    10th to 90th percentile and scaled to a mean of 0.2.

    Args:
        members: Squared distances of the members of every cluster.
    """
    found = np.zeros(len(members))
    for index, distances in enumerate(members):
        if len(distances) > 1:
            mean = (np.asarray(distances) ** 0.5).mean()
            found[index] = mean / math.log(len(distances) + _SMOOTHING)
    found[found == 0] = found.max()
    found = found.clip(*np.percentile(found, (10, 90)))
    return _TEMPERATURE * found / found.mean()
