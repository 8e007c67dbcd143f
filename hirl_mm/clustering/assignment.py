"""Backends that find the nearest centroid of every row."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Protocol

import torch
from torch import Tensor

from hirl_mm.stack import StackError, require_faiss
from hirl_mm.stack.triton_support import has_triton

from .searched_share import SearchedShare
from .torch_assignment import assign_torch
from .torch_exact import assign_torch_exact
from .triton_assignment import assign_triton, require_kernels
from .triton_exact import assign_exact

Assign = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class AssignInPrecision(Protocol):
    """A function like :func:`.torch_assignment.assign_torch`."""

    def __call__(
        self, features: Tensor, centroids: Tensor, /, precision: str
    ) -> tuple[Tensor, Tensor]: ...


Backend = str | AssignInPrecision

PRECISIONS = 'fp32', 'tf32', 'bf16'

# Number of centroids below which faiss is faster than PyTorch on a CPU
# (benchmarks/README.md).
_FAISS_BELOW = 512


def assignment(
    backend: Backend,
    device: torch.device,
    num_clusters: int,
    precision: str = 'fp32',
    searched: SearchedShare | None = None,
) -> Assign:
    """Return the function that assigns rows to their nearest centroids.

    On a GPU the labels of fp32 come from a pass in low precision, whose error
    is bounded, and a search in fp32 among what it leaves over, see
    :mod:`.exact_bounds`. This takes less time than tf32 alone.

    Args:
        backend: ``'torch'``; ``'triton'``, fused kernels for GPUs;
            ``'faiss'``; or ``'auto'``, the fastest one that is installed:
            triton on a GPU, with the labels of fp32 also for tf32; faiss on a
            CPU for few centroids; torch otherwise. Or a function with the
            arguments and results of
            :func:`~hirl_mm.clustering.torch_assignment.assign_torch`, which
            is given its ``precision`` by name.
        device: Device of the features.
        num_clusters: Number of clusters K.
        precision: Precision of the products that determine the labels,
            ``'fp32'``, ``'tf32'`` or ``'bf16'``; the last two need a GPU.
            faiss supports fp32 only.
        searched: Counts the distances that are computed in fp32 after a pass
            in low precision; None not to count.

    Returns:
        A function of features (n, D) and centroids (K, D), both float32, that
        returns labels (n,) long and squared distances (n,) float32.

    Raises:
        ValueError: If the backend or the precision is unknown, or the backend
            does not support the precision.
        StackError: If the backend is not installed or does not support the
            device.
    """
    check_precision(precision)
    if callable(backend):
        return partial(backend, precision=precision)
    if backend == 'auto':
        backend, precision = _fastest(device, num_clusters, precision)
    if backend == 'torch exact':
        return partial(assign_torch_exact, searched=searched)
    if backend == 'torch':
        return partial(assign_torch, precision=precision)
    if backend == 'triton':
        require_kernels(device)
        if precision == 'fp32':
            return partial(assign_exact, searched=searched)
        return partial(assign_triton, precision=precision)
    if backend == 'faiss':
        if precision != 'fp32':
            raise ValueError(
                "backend='faiss' computes in fp32, got precision="
                f"{precision!r}: use backend='auto'"
            )
        return _faiss_for(device)
    raise ValueError(
        "backend must be 'auto', 'torch', 'triton' or 'faiss', got "
        f'{backend!r}'
    )


def check_precision(precision: str) -> None:
    """Raise ValueError unless :func:`assignment` supports the precision."""
    if precision not in PRECISIONS:
        raise ValueError(
            f'precision must be one of {PRECISIONS}, got {precision!r}'
        )


def _fastest(
    device: torch.device, num_clusters: int, precision: str
) -> tuple[str, str]:
    """Return the fastest backend and a precision of at least the given one."""
    if device.type == 'cuda':
        if has_triton(device):
            return 'triton', 'bf16' if precision == 'bf16' else 'fp32'
        if precision == 'fp32' and _has_tf32(device):
            return 'torch exact', precision
        return 'torch', precision
    small = num_clusters < _FAISS_BELOW and precision == 'fp32'
    return 'faiss' if small and _has_faiss() else 'torch', precision


def _has_tf32(device: torch.device) -> bool:
    present = torch.cuda.is_available()
    return present and torch.cuda.get_device_capability(device) >= (8, 0)


def assign_faiss(features: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    """Assign rows to centroids by faiss's exhaustive search on the CPU."""
    if not len(features):
        return features.new_empty(0, dtype=torch.long), features.new_empty(0)
    distance, labels = require_faiss().knn(
        features.numpy(), centroids.numpy(), 1
    )
    return torch.from_numpy(labels[:, 0]), torch.from_numpy(distance[:, 0])


def assign_faiss_gpu(
    features: Tensor, centroids: Tensor
) -> tuple[Tensor, Tensor]:
    """Assign rows to centroids by faiss's exhaustive search on the GPU."""
    if not len(features):
        return features.new_empty(0, dtype=torch.long), features.new_empty(0)
    faiss = require_faiss()
    import_module('faiss.contrib.torch_utils')  # makes faiss accept tensors
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
        f"backend='faiss' was requested for features on {device}, but the "
        f'installed faiss {faiss.__version__} works on the CPU only. Install '
        "the GPU build with `pip install faiss-gpu`, or use backend='torch'."
    )
