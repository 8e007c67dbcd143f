"""Implementations of k-means on a CPU, all to do the same job.

From the same initial centroids the same number of iterations, then the labels
of the centroids that came out.
"""

import importlib
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

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


def optional(name: str) -> ModuleType | None:
    """None where a package is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def first_centroids(features: Tensor, num: int, seed: int) -> Tensor:
    """The (num, D) random rows that faiss's SuperKMeans begins with.

    It takes no initial centroids, so the others are given those it draws
    from the seed; without faiss any random rows will do.
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
    """Per arm a function that returns centroids and labels.

    Args:
        features: (N, D) float32.
        num: K.
        num_iters: Iterations.
        seed: Of the initial centroids.

    Returns:
        None for an arm whose package is missing.
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
    """Sum of squared distances (N, D), (K, D), (N,), in float64."""
    total = 0.0
    for rows, own in zip(
        features.split(4096), labels.split(4096), strict=True
    ):
        off = rows.double() - centroids[own].double()
        total += off.square().sum().item()
    return total


@contextmanager
def threads(num: int):
    """So many threads for every library."""
    before, control = torch.get_num_threads(), optional('threadpoolctl')
    faiss = optional('faiss')
    torch.set_num_threads(num)
    if faiss is not None:
        faiss.omp_set_num_threads(num)
    try:
        if control is None:
            yield
        else:
            with control.threadpool_limits(num):
                yield
    finally:
        torch.set_num_threads(before)


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
