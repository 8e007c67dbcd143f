"""Features in two dimensions."""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.manifold import TSNE
from torch import Tensor

MIN_SAMPLES = 4
METHODS = 'tsne', 'umap'


def project(features: Tensor, method: str = 'tsne', seed: int = 0) -> Tensor:
    """Return a picture of features in the plane.

    Features are L2-normalised first. In such a picture distances within a
    group are meaningful, distances between groups hardly.

    Args:
        features: (N, D) features, N at least 4.
        method: ``'tsne'`` for `t-SNE`_, or ``'umap'`` for `UMAP`_, which
            needs the package ``umap-learn``.
        seed: Seed of the method.

    Returns:
        (N, 2) float32 coordinates.

    Raises:
        ValueError: If there are too few features, the method is unknown, or
            the package is not installed.

    .. _t-SNE: https://jmlr.org/papers/v9/vandermaaten08a
    .. _UMAP: https://arxiv.org/abs/1802.03426
    """
    if method not in METHODS:
        raise ValueError(f'method must be one of {METHODS}, got {method!r}')
    if len(features) < MIN_SAMPLES:
        raise ValueError(
            f'a picture of features needs at least {MIN_SAMPLES} images, got '
            f'{len(features)}'
        )
    unit = F.normalize(features.float(), dim=1).numpy()
    project_unit = _umap if method == 'umap' else _tsne
    return torch.from_numpy(np.array(project_unit(unit, seed), np.float32))


def _tsne(unit: np.ndarray, seed: int) -> np.ndarray:
    return TSNE(
        perplexity=min(30, (len(unit) - 1) / 3),
        init='pca',
        random_state=seed,
    ).fit_transform(unit)


def _umap(unit: np.ndarray, seed: int) -> np.ndarray:
    try:
        from umap import UMAP
    except ImportError as error:
        raise ValueError(
            'UMAP needs the package umap-learn: pip install umap-learn, or '
            'choose t-SNE'
        ) from error
    # The spectral start of UMAP needs more images than dimensions.
    neighbors = min(15, len(unit) - 1)
    return UMAP(
        n_neighbors=neighbors,
        init='spectral' if len(unit) > 20 else 'random',
        metric='cosine',
        n_jobs=1,  # With a seed, UMAP uses one process anyway.
        random_state=seed,
    ).fit_transform(unit)
