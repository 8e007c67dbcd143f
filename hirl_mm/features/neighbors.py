import torch
import torch.nn.functional as F
from torch import Tensor

from .finite import check_finite
from .top_k import stable_top_k


@torch.no_grad()
def top_k_neighbors(
    queries: Tensor, gallery: Tensor, k: int, chunk_size: int = 4096
) -> tuple[Tensor, Tensor]:
    """Find the ``k`` rows of a gallery most similar to every query.

    The similarity is the cosine: rows need not be L2-normalised. Queries and
    gallery are compared chunk by chunk, and only the best ``k`` so far are
    kept, so that no more than ``chunk_size ** 2`` similarities exist at a
    time. The gallery may lie on another device than the queries; its chunks
    are moved one by one.

    Args:
        queries: (Q, D) features to find neighbours for.
        gallery: (N, D) features that the queries are compared with.
        k: Number of neighbours of every query, at most N.
        chunk_size: Number of queries, and of rows of the gallery, that are
            compared at a time.

    Returns:
        Similarities (Q, k), in descending order, and indices (Q, k) into the
        gallery, on the device of the queries. Of two rows with the same
        similarity the one with the smaller index comes first. The computed
        similarities of two copies of a row may differ by rounding, as their
        places in the chunks do; those of
        :func:`~hirl_mm.features.nearest_neighbors` are equal.

    Raises:
        ValueError: If the shapes do not fit, a feature is not finite, or
            ``k`` is larger than the gallery.

    Example:
        >>> gallery = torch.tensor([[0., 2.], [3., 0.], [1., 1.]])
        >>> top_k_neighbors(torch.tensor([[5., 0.]]), gallery, k=2)
        (tensor([[1.0000, 0.7071]]), tensor([[1, 2]]))
    """
    _check(queries, gallery, k, chunk_size)
    dtype = torch.promote_types(queries.dtype, gallery.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    found = [
        _search(F.normalize(chunk.to(dtype), dim=1), gallery, k, chunk_size)
        for chunk in queries.split(chunk_size)
    ]
    similarities, indices = zip(*found, strict=True)
    return torch.cat(similarities), torch.cat(indices)


def _search(
    queries: Tensor, gallery: Tensor, k: int, chunk_size: int
) -> tuple[Tensor, Tensor]:
    best = queries.new_empty(len(queries), 0)
    best_idx = best.long()
    for start in range(0, len(gallery), chunk_size):
        # Move the chunk in the type of the gallery, which may be half.
        chunk = gallery[start : start + chunk_size].to(queries.device)
        chunk = chunk.to(queries.dtype)
        similarities = queries @ F.normalize(chunk, dim=1).T
        values, idx = stable_top_k(similarities, k)
        # rows of earlier chunks stand first and so win ties
        candidates = torch.cat([best, values], dim=1)
        candidate_idx = torch.cat([best_idx, idx + start], dim=1)
        best, position = stable_top_k(candidates, k)
        best_idx = candidate_idx.gather(1, position)
    return best, best_idx


def _check(queries: Tensor, gallery: Tensor, k: int, chunk_size: int) -> None:
    shapes = [tuple(queries.shape), tuple(gallery.shape)]
    if queries.ndim != 2 or gallery.ndim != 2 or shapes[0][1] != shapes[1][1]:
        raise ValueError(
            'queries and gallery must have shapes (Q, D) and (N, D) with the '
            f'same D, got {shapes[0]} and {shapes[1]}'
        )
    if not shapes[0][0]:
        raise ValueError('queries must hold at least one row, got none')
    if k < 1:
        raise ValueError(f'k must be at least 1, got {k}')
    if k > len(gallery):
        raise ValueError(
            f'k must not exceed the size of the gallery, got k = {k} and a '
            f'gallery of {len(gallery)} rows; take a smaller k or a larger '
            'gallery'
        )
    if chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    check_finite(queries, name='queries')
    check_finite(gallery, name='gallery')
