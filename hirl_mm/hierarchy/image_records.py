"""Records of images in a tree, as columns for files."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from hirl_mm.structures import EmbeddedImages

from .assignment import assign_paths
from .record_files import Columns

FEATURE_SCHEMA = {'file': 'text', 'feature': 'number[]'}
LABEL_SCHEMA = {'label': 'integer', 'class': 'text'}
PATH_SCHEMA = dict(file='text', path='integer[]', similarity='number[]')


def path_records(
    images: EmbeddedImages, chunk_size: int = 65536
) -> Iterator[Columns]:
    """Yield file, path and similarities of images, chunk by chunk.

    Args:
        images: The images in their tree.
        chunk_size: Number of images of a batch of records.

    Yields:
        ``file``; ``path``, prototype of every level, level 0 first; and
        ``similarity``, the cosine to each of them. The latter are None for
        images that could not be read.
    """
    blocks = assign_paths(images.tree, images.rows, images.leaf, chunk_size)
    for block in blocks:
        files = images.paths[block.start : block.start + len(block.path)]
        known = (block.path[:, 0] >= 0).tolist()
        yield dict(
            file=files,
            path=_or_none(block.path.tolist(), known),
            similarity=_or_none(rounded(block.similarity), known),
        )


def feature_records(
    features: Tensor,
    files: Sequence[str],
    labels: Tensor | None,
    classes: Sequence[str],
    chunk_size: int = 4096,
) -> Iterator[Columns]:
    """Yield file and feature of images, and label and class if there are any.

    Args:
        features: (N, C) features.
        files: Names of the N files.
        labels: (N,) classes by number, or None.
        classes: Names of the classes; empty if they have none.
        chunk_size: Number of images of a batch of records.
    """
    for start in range(0, len(features), chunk_size):
        chunk = slice(start, start + chunk_size)
        columns = dict(
            file=files[chunk], feature=features[chunk].cpu().tolist()
        )
        if labels is not None:
            numbers = labels[chunk].tolist()
            columns['label'] = numbers
            columns['class'] = [
                classes[number] if classes else None for number in numbers
            ]
        yield columns


def rounded(values: Tensor) -> list:
    """Return cosines with six digits, more than float16 rows have."""
    return np.round(values.double().numpy(), 6).tolist()


def _or_none(values: Sequence, known: Sequence[bool]) -> list:
    pairs = zip(values, known, strict=True)
    return [value if is_known else None for value, is_known in pairs]
