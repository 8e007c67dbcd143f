"""The nearest centroid of every row, without an N x K matrix."""

from collections.abc import Callable
from importlib import import_module

import torch
from torch import Tensor

from hirl_mm.stack import StackError, require_faiss

Assign = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

# Scratch memory of one chunk of similarities. On a CPU larger chunks leave
# the cache and gain nothing; a GPU wants enough rows to fill it.
_CHUNK_BYTES = {'cpu': 32 * 2**20, 'cuda': 2**30}


def assignment(backend: str, device: torch.device) -> Assign:
    """The function that assigns rows to centroids.

    Args:
        backend: ``'torch'``, ``'faiss'``, or ``'auto'``: faiss for features
            on the CPU where it is installed, torch elsewhere.
        device: Where the features are.

    Returns:
        A function of features (n, D) and centroids (K, D), both float32, to
        labels (n,) long and squared distances (n,).

    Raises:
        ValueError: If the backend is unknown.
        StackError: If faiss was asked for and cannot serve the device.
    """
    if backend == 'auto':
        backend = 'faiss' if device.type == 'cpu' and _has_faiss() else 'torch'
    if backend == 'torch':
        return assign_torch
    if backend == 'faiss':
        return _faiss_for(device)
    raise ValueError(
        f"backend must be 'auto', 'torch' or 'faiss', got {backend!r}"
    )


def assign_torch(features: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    """Assign by matrix products over chunks of rows.

    The nearest centroid maximises ``x.c - |c|^2 / 2``; a chunk of (n', K)
    such scores is all that is held at a time.
    """
    num, num_clusters = features.size(0), centroids.size(0)
    labels = features.new_empty(num, dtype=torch.long)
    score = features.new_empty(num)
    bias = centroids.square().sum(1).mul_(-0.5)
    budget = _CHUNK_BYTES.get(features.device.type, _CHUNK_BYTES['cuda'])
    chunk = max(1, budget // (num_clusters * features.element_size()))
    for start in range(0, num, chunk):
        rows = slice(start, start + chunk)
        similarity = torch.addmm(bias, features[rows], centroids.T)
        torch.max(similarity, dim=1, out=(score[rows], labels[rows]))
    distance = features.square().sum(1).sub_(score, alpha=2)
    return labels, distance.clamp_(min=0)


def assign_faiss(features: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    """Assign by faiss's exhaustive search on the CPU."""
    if not len(features):
        return features.new_empty(0, dtype=torch.long), features.new_empty(0)
    distance, labels = require_faiss().knn(
        features.numpy(), centroids.numpy(), 1
    )
    return torch.from_numpy(labels[:, 0]), torch.from_numpy(distance[:, 0])


def assign_faiss_gpu(
    features: Tensor, centroids: Tensor
) -> tuple[Tensor, Tensor]:
    """Assign by faiss's exhaustive search where the features are."""
    if not len(features):
        return features.new_empty(0, dtype=torch.long), features.new_empty(0)
    faiss = require_faiss()
    import_module('faiss.contrib.torch_utils')  # lets faiss take tensors
    resources = faiss.StandardGpuResources()
    distance, labels = faiss.knn_gpu(resources, features, centroids, 1)
    return labels[:, 0], distance[:, 0]


def _has_faiss() -> bool:
    try:
        require_faiss()
    except StackError:
        return False
    return True


def _faiss_for(device: torch.device) -> Assign:
    faiss = require_faiss()
    if device.type == 'cpu':
        return assign_faiss
    if device.type == 'cuda' and hasattr(faiss, 'StandardGpuResources'):
        return assign_faiss_gpu
    raise StackError(
        f"backend='faiss' was asked for features on {device}, but the "
        f'installed faiss {faiss.__version__} works on the CPU only. Install '
        "the GPU build with `pip install faiss-gpu`, or use backend='torch'."
    )
