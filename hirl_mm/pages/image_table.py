"""A table of images with their groups and coordinates, for other viewers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from hirl_mm.files import replacing
from hirl_mm.pages.frame.text import shown_text

from .tree_page.shown_tree import ShownTree

# t-SNE of scikit-learn takes a minute for so many rows on a core.
MOST_FOR_TSNE = 5000
_CHUNK = 65536


def write_image_table(shown: ShownTree, out: str | os.PathLike) -> str:
    """Write a row per image: file, class, groups and two coordinates.

    The columns are ``path``; with classes ``label``; for every level
    ``level_0``, ``similarity_0`` and so on; and ``x`` and ``y``. An image
    that could not be read has no groups and no coordinates.

    Args:
        shown: The tree and its images, with embeddings.
        out: File to write, in the format Parquet.

    Returns:
        What the coordinates are: ``'t-SNE'`` of up to 5000 images, else
        ``'PCA'``.

    Raises:
        ValueError: If the embeddings are unknown, or pyarrow is missing.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError(
            'tables in the format Parquet need pyarrow: pip install '
            '"hirl_mm[parquet]"'
        ) from error
    similarity = shown.similarity
    if shown.rows is None or similarity is None:
        raise ValueError(
            'coordinates need the embeddings of the images: give the folder '
            'of a run instead of a tree'
        )
    name, points = coordinates(shown.rows)
    columns: dict = dict(path=[shown_text(path) for path in shown.paths])
    if shown.labels is not None:
        names = [shown_text(name) for name in shown.class_names]
        columns['label'] = [
            names[label] if label >= 0 else None
            for label in shown.labels.tolist()
        ]
    paths = shown.tree.paths(shown.leaves).numpy()
    for level in range(shown.tree.num_levels):
        group = paths[:, level]
        columns[f'level_{level}'] = pa.array(group, mask=group < 0)
        columns[f'similarity_{level}'] = _column(pa, similarity[:, level])
    for axis, values in zip('xy', points.T, strict=True):
        columns[axis] = _column(pa, values)
    # What the coordinates are stays with the file.
    table = pa.table(columns).replace_schema_metadata({'coordinates': name})
    with replacing(out) as temporary:
        parquet.write_table(table, temporary, compression='zstd')
    return name


def coordinates(
    rows: torch.Tensor, most_for_tsne: int = MOST_FOR_TSNE
) -> tuple[str, np.ndarray]:
    """Place embeddings in the plane.

    Args:
        rows: (N, D) floating point, NaN for images without an embedding.
        most_for_tsne: Largest number of rows that t-SNE places; more are
            placed by their two principal components.

    Returns:
        Name of the method, and (N, 2) float32, NaN for rows of NaN.
    """
    known = torch.cat(
        [chunk.isfinite().all(1) for chunk in rows.split(_CHUNK)]
    )
    points = np.full((len(rows), 2), np.nan, dtype=np.float32)
    num = int(known.sum())
    # t-SNE needs neighbours to look at.
    if 8 <= num <= most_for_tsne:
        from sklearn.manifold import TSNE

        tsne = TSNE(
            init='pca', random_state=0, perplexity=min(30.0, (num - 1) / 3)
        )
        points[known.numpy()] = tsne.fit_transform(rows[known].float().numpy())
        return 't-SNE', points
    points[known.numpy()] = _principal(rows, known).numpy()
    return 'PCA', points


def _principal(rows: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Return the first two principal components of the known rows, (n, 2)."""
    dim = rows.size(1)
    total, product = torch.zeros(dim).double(), torch.zeros(dim, dim).double()

    def chunks() -> Iterator[torch.Tensor]:
        pairs = zip(rows.split(_CHUNK), known.split(_CHUNK), strict=True)
        return (chunk[finite].double() for chunk, finite in pairs)

    for chunk in chunks():
        total += chunk.sum(0)
        product += chunk.T @ chunk
    num = max(int(known.sum()), 1)
    mean = total / num
    covariance = product / num - mean[:, None] * mean
    axes = torch.linalg.eigh(covariance).eigenvectors[:, -2:].flip(1)
    # Of an axis both directions are right: the largest entry is positive.
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    axes = axes * largest.sign()
    found = [((chunk - mean) @ axes).float() for chunk in chunks()]
    points = torch.cat(found)
    return torch.nn.functional.pad(points, (0, 2 - points.size(1)))


def _column(pa: Any, values: np.ndarray) -> Any:
    """Return numbers as a column in which NaN is missing."""
    return pa.array(values.astype(np.float32), mask=np.isnan(values))
