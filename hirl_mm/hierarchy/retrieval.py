"""The images nearest to a row, found by comparison with all of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from hirl_mm.features import top_k_neighbors
from hirl_mm.features.top_k import stable_top_k


class Retrieved(NamedTuple):
    """The nearest images of every query, the most similar first.

    Args:
        similarity: (Q, k') float32, cosines.
        image: (Q, k') long, numbers of the images.
    """

    similarity: Tensor
    image: Tensor


def nearest_images(
    queries: Tensor,
    rows: Tensor,
    k: int,
    present: Tensor | None = None,
    chunk_size: int = 65536,
) -> Retrieved:
    """Find the ``k`` images whose rows are most similar to every query.

    Rows are read in chunks, from disk if they are mapped, and only the best
    ``k`` so far are kept. The comparison is
    :func:`~hirl_mm.features.top_k_neighbors`.

    Args:
        queries: (Q, D) floating point.
        rows: (N, D) floating point, embeddings of the images.
        k: Number of images to find, at least 1.
        present: (N,) bool, images to search; None for all. Images that could
            not be read have rows that mean nothing.
        chunk_size: Number of rows that are read at a time.

    Returns:
        k' = k images per query, or all if there are fewer. Of two images
        with the same similarity, the one with the smaller number comes first.

    Raises:
        ValueError: If the shapes do not fit, ``k`` is less than 1, or there
            is no image to search.

    Example:
        >>> rows = torch.tensor([[0., 1.], [1., 0.], [1., 1.]])
        >>> nearest_images(torch.tensor([[2., 0.]]), rows, k=2).image
        tensor([[1, 2]])
    """
    if present is not None and present.shape != rows.shape[:1]:
        raise ValueError(
            f'present must have one value for each of the {len(rows)} rows, '
            f'got the shape {tuple(present.shape)}'
        )
    if k < 1:
        raise ValueError(f'k must be at least 1, got {k}')
    best = queries.new_empty(len(queries), 0, dtype=torch.float32)
    image = best.long()
    for start in range(0, len(rows), chunk_size):
        part = rows[start : start + chunk_size]
        number = torch.arange(start, start + len(part))
        if present is not None:
            here = present[start : start + chunk_size]
            part, number = part[here], number[here]
        if not len(part):
            continue
        values, found = top_k_neighbors(queries, part, min(k, len(part)))
        candidates = torch.cat([best, values], dim=1)
        numbers = torch.cat([image, number[found.cpu()].to(image.device)], 1)
        best, place = stable_top_k(candidates, k)
        image = numbers.gather(1, place)
    if not best.size(1):
        raise ValueError('there is no image to search: none could be read')
    return Retrieved(best, image)
