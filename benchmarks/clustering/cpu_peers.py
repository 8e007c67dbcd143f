"""Implementations of k-means on a CPU that all do the same job.

Each starts from the same centroids, does the same number of iterations, and
returns its last centroids with their labels.
"""

import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from benchmarks.common.packages import optional
from hirl_mm.clustering import kmeans

OURS = dict(
    torch='torch', auto='auto', **{"hirl_mm, backend='faiss'": 'faiss'}
)
FAISS = 'faiss.Clustering'
SUPER = 'faiss.SuperKMeans'
SKLEARN = 'scikit-learn'
ARMS = (*OURS, FAISS, SUPER, SKLEARN)
_ALL = 10**9  # of max_points_per_centroid: no subsample
_SUPER_DIM = 32  # SuperKMeans refuses less

Job = Callable[[], tuple[Tensor, Tensor]]


def first_centroids(features: Tensor, num: int, seed: int) -> Tensor:
    """Return the random rows that faiss's SuperKMeans starts from.

    It takes no initial centroids, so all others start from those that it
    draws from the seed. Without faiss these are other random rows.

    Args:
        features: (N, D) float32.
        num: Number of clusters K.
        seed: Seed of the draw.

    Returns:
        (K, D) float32.
    """
    faiss = optional('faiss')
    if faiss is None:
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(features), generator=generator)
        return features[order[:num]]
    order = np.empty(len(features), dtype=np.int32)
    faiss.rand_perm(faiss.swig_ptr(order), len(order), seed + 1)
    return features[torch.from_numpy(order[:num]).long()]


def jobs(
    features: Tensor, num: int, num_iters: int, seed: int
) -> dict[str, Job | None]:
    """Prepare the implementations.

    Args:
        features: (N, D) float32.
        num: Number of clusters K.
        num_iters: Number of iterations.
        seed: Seed of the initial centroids.

    Returns:
        By the name of the arm a function without arguments that returns
        centroids (K, D) and labels (N,); None if its package is missing.
    """
    start = first_centroids(features, num, seed)
    faiss, sklearn = optional('faiss'), optional('sklearn.cluster')
    found: dict[str, Job | None] = dict.fromkeys(ARMS)
    for name, backend in OURS.items():
        if backend == 'faiss' and faiss is None:
            continue
        found[name] = _ours(features, start, num_iters, backend)
    if faiss is not None:
        found[FAISS] = _faiss(faiss, features.numpy(), start, num_iters)
    if hasattr(faiss, 'SuperKMeans') and features.size(1) >= _SUPER_DIM:
        found[SUPER] = _super(faiss, features.numpy(), num, num_iters, seed)
    if sklearn is not None:
        found[SKLEARN] = _sklearn(sklearn, features.numpy(), start, num_iters)
    return found


def objective(features: Tensor, centroids: Tensor, labels: Tensor) -> float:
    """Return the sum of squared distances of rows to their centroids.

    Args:
        features: (N, D) float32.
        centroids: (K, D) float32.
        labels: (N,) long.

    Returns:
        The sum in float64.
    """
    total = 0.0
    for rows, own in zip(
        features.split(4096), labels.split(4096), strict=True
    ):
        off = rows.double() - centroids[own].double()
        total += off.square().sum().item()
    return total


def _ours(features: Tensor, start: Tensor, iters: int, backend: str) -> Job:
    def job():
        return kmeans(
            features,
            len(start),
            init=start,
            num_iters=iters,
            backend=backend,
        )[:2]

    return job


def _faiss(
    faiss: ModuleType, features: np.ndarray, start: Tensor, iters: int
) -> Job:
    def job():
        # A Clustering starts from its centroids, so each run has its own.
        num, dim = start.shape
        clustering = faiss.Clustering(dim, num)
        clustering.niter = iters
        clustering.nredo = 1
        clustering.spherical = False
        clustering.max_points_per_centroid = _ALL
        clustering.min_points_per_centroid = 1
        faiss.copy_array_to_vector(start.numpy().ravel(), clustering.centroids)
        index = faiss.IndexFlatL2(dim)
        clustering.train(features, index)
        return _with_labels(faiss, features, clustering, num)

    return job


def _super(
    faiss: ModuleType, features: np.ndarray, num: int, iters: int, seed: int
) -> Job:
    def job():
        params = faiss.SuperKMeansParameters()
        params.niter = iters
        params.seed = seed
        params.max_points_per_centroid = _ALL
        params.min_points_per_centroid = 1
        clustering = faiss.SuperKMeans(features.shape[1], num, params)
        clustering.train(features)
        return _with_labels(faiss, features, clustering, num)

    return job


def _with_labels(
    faiss: ModuleType, features: np.ndarray, clustering, num: int
) -> tuple[Tensor, Tensor]:
    centroids = faiss.vector_to_array(clustering.centroids).reshape(num, -1)
    index = faiss.IndexFlatL2(centroids.shape[1])
    index.add(centroids)
    labels = index.search(features, 1)[1][:, 0]
    return torch.from_numpy(centroids), torch.from_numpy(labels)


def _sklearn(
    sklearn: ModuleType, features: np.ndarray, start: Tensor, iters: int
) -> Job:
    def job():
        model = sklearn.KMeans(
            n_clusters=len(start),
            init=start.numpy(),
            n_init=1,
            max_iter=iters,
            tol=0.0,
            algorithm='lloyd',
        )
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            model.fit(features)
        return (
            torch.from_numpy(model.cluster_centers_),
            torch.from_numpy(model.labels_).long(),
        )

    return job
