"""What a GPU's tf32 does to an assignment, computed on a CPU."""

import functools
import importlib
from contextlib import contextmanager
from unittest.mock import patch

import torch
from torch import Tensor

_ROWS = 2048
_DROPPED_BITS = 13  # of float32's 23 bits of mantissa


def to_tf32(values: Tensor) -> Tensor:
    """float32 rounded to 10 bits of mantissa, ties away from zero."""
    bits = values.contiguous().view(torch.int32)
    half, mask = 1 << (_DROPPED_BITS - 1), -(1 << _DROPPED_BITS)
    return ((bits + half) & mask).view(torch.float32)


def assign_tf32(features: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    """Labels and squared distances (n,) of (n, D) rows by rounded products.

    ``|c|^2 / 2`` is not rounded, and distances are of the unrounded operands.
    """
    rounded = to_tf32(centroids)
    bias = centroids.square().sum(1) / 2
    labels = torch.cat(
        [
            (to_tf32(rows) @ rounded.T - bias).argmax(1)
            for rows in features.split(_ROWS)
        ]
    )
    off = features - centroids[labels]
    return labels, torch.linalg.vector_norm(off, dim=1).square_()


@contextmanager
def emulated_tf32():
    """Let ``precision='tf32'`` round on a CPU, where it else does not."""
    module = importlib.import_module('hirl_mm.clustering.kmeans')
    assignment = module.assignment

    @functools.wraps(assignment)
    def chosen(backend, device, num_clusters, precision='fp32'):
        if precision == 'tf32':
            return assign_tf32
        return assignment(backend, device, num_clusters, precision)

    with patch.object(module, 'assignment', chosen):
        yield
