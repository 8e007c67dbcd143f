"""Features to cluster: a synthetic hierarchy, digits, or from a file."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_BRANCHES = 16, 10, 8
_SCALES = 1.0, 0.7, 0.5
_NOISE_RANK = 48
_NOISE = 0.6


def mixture(num: int, dim: int, seed: int = 0) -> Tensor:
    """Draw unit rows with three levels: 16 classes, 160 kinds, 1280 sorts.

    The rows of a sort scatter in a subspace of 48 dimensions, or of ``dim``
    if that is less, which is the same for all sorts of a class.

    Args:
        num: Number of rows N.
        dim: Number of dimensions D.
        seed: Seed of all draws.

    Returns:
        (N, D) float32.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    rank = min(_NOISE_RANK, dim)
    node = torch.zeros(num, dtype=torch.long)
    rows = torch.zeros(num, dim)
    for level, (branches, scale) in enumerate(
        zip(_BRANCHES, _SCALES, strict=True)
    ):
        node = node * branches
        node += torch.randint(branches, (num,), generator=generator)
        centers = F.normalize(
            normal(int(np.prod(_BRANCHES[: level + 1])), dim)
        )
        rows += scale * centers[node]
    classes = node // int(np.prod(_BRANCHES[1:]))
    for index in range(_BRANCHES[0]):
        members = (classes == index).nonzero()[:, 0]
        basis = torch.linalg.qr(normal(dim, rank)).Q.T
        noise = normal(len(members), rank) * (_NOISE / rank**0.5)
        rows[members] += _NOISE * 2 * noise @ basis
    return F.normalize(rows)


def digits() -> Tensor:
    """Return scikit-learn's small digit images as unit rows (1797, 64)."""
    from sklearn.datasets import load_digits

    return F.normalize(torch.from_numpy(load_digits().data).float())


def from_file(path: str) -> Tensor:
    """Read rows (N, D) from a ``.pt`` or ``.npz`` file.

    Raises:
        ValueError: If it does not hold one array of two dimensions.
    """
    if Path(path).suffix == '.npz':
        with np.load(path) as arrays:
            found = [torch.from_numpy(arrays[name]) for name in arrays.files]
    else:
        content = torch.load(path, map_location='cpu', weights_only=True)
        found = content.values() if isinstance(content, dict) else [content]
    tables = [a for a in found if isinstance(a, Tensor) and a.ndim == 2]
    if len(tables) != 1:
        raise ValueError(
            f'{path} must hold one array (N, D) of features, but it holds '
            f'{len(tables)}'
        )
    return tables[0].float()


def drifted(features: Tensor, cosine: float, seed: int) -> Tensor:
    """Move features (N, D) to unit rows at this cosine from them, on average.

    Args:
        features: (N, D) float32.
        cosine: Mean cosine between a row before and after.
        seed: Seed of the directions.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = F.normalize(torch.randn(features.shape, generator=generator))
    shift = (1 / cosine**2 - 1) ** 0.5
    return F.normalize(F.normalize(features) + shift * noise)
