"""Paths of rows through a tree, with similarities on every level."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from hirl_mm.features.candidates import product_error
from hirl_mm.features.fixed_point import inverse_norms, unit_rows
from hirl_mm.structures import NO_LEAF, PrototypeTree

# Rows and prototypes whose similarities exist at a time: 32 MiB of float32.
_ROWS, _COLUMNS = 4096, 2048
# Rows that are compared with all prototypes again, in float64.
_ROWS_AGAIN = 128


class PathBlock(NamedTuple):
    """Paths of successive rows.

    Args:
        start: Number of the first row.
        path: (n, L) long, prototype of every level, level 0 first; -1 for a
            row without a direction.
        similarity: (n, L) float32, cosine of the row and the prototype of
            every level of its path; NaN where there is no path.
    """

    start: int
    path: Tensor
    similarity: Tensor


def assign_paths(
    tree: PrototypeTree,
    rows: Tensor,
    leaf: Tensor | None = None,
    chunk_size: int = 65536,
) -> Iterator[PathBlock]:
    """Yield the path of every row and its similarities, chunk by chunk.

    The leaf is the prototype of level 0 that :func:`nearest_prototypes`
    finds, unless it is given; all other levels follow from the parents.
    Memory does not depend on the number of rows, which may be mapped from
    disk.

    Args:
        tree: Tree of prototypes.
        rows: (N, D) floating point, embeddings; they need not be normalised.
            Rows of NaN are images that could not be read.
        leaf: (N,) long, the leaf of every row, -1 without one; None to find
            it.
        chunk_size: Number of rows of a block. Results do not depend on it.

    Raises:
        ValueError: If rows and prototypes have different lengths, or
            ``chunk_size`` is less than 1.

    Example:
        >>> tree = PrototypeTree(
        ...     centroids=[torch.eye(3), torch.eye(3)[:2]],
        ...     parents=[torch.tensor([0, 1, 1])], leaf=torch.tensor([0]))
        >>> (block,) = assign_paths(tree, torch.tensor([[0., 0., 2.]]))
        >>> block.path, block.similarity
        (tensor([[2, 1]]), tensor([[1., 0.]]))
    """
    if chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    _check_lengths(rows, tree.centroids[0])
    for start in range(0, len(rows), chunk_size):
        part = rows[start : start + chunk_size].to(tree.device)
        if leaf is None:
            path = tree.paths(nearest_prototypes(part, tree.centroids[0]))
        else:
            path = tree.paths(leaf[start : start + chunk_size])
        yield PathBlock(start, path, path_similarities(tree, part, path))


@torch.no_grad()
def nearest_prototypes(rows: Tensor, prototypes: Tensor) -> Tensor:
    """Return the prototype with the largest cosine of every row, exactly.

    Products in float32 propose a prototype. If their proven error
    (:mod:`hirl_mm.features.candidates`) leaves the choice open, the row is
    compared with all prototypes again in fixed point, which float64
    multiplies without rounding. The result therefore depends neither on the
    device nor on how rows are split.

    Args:
        rows: (n, D) floating point.
        prototypes: (K, D) floating point.

    Returns:
        (n,) long; of equal cosines, the smaller index. ``NO_LEAF`` for a row
        without a direction: of zeros, or not finite.

    Raises:
        ValueError: If rows and prototypes have different lengths.
    """
    _check_lengths(rows, prototypes)
    exact = unit_rows(prototypes, inverse_norms(prototypes))
    table = exact.float()
    apart = 2 * product_error(rows.size(1), 'fp32')
    found = []
    for part in rows.split(_ROWS):
        unit = _unit(part)
        best, second, index = _best_two(unit.float(), table)
        again = ((best - second) <= apart).nonzero().flatten()
        for some in again.split(_ROWS_AGAIN):
            # argmax returns the first of equal values.
            index[some] = (unit[some] @ exact.T).argmax(1)
        index[(unit == 0).all(1)] = NO_LEAF
        found.append(index)
    return torch.cat(found) if found else rows.new_empty(0).long()


def path_similarities(
    tree: PrototypeTree, rows: Tensor, path: Tensor
) -> Tensor:
    """Return the cosines of rows and the prototypes of their paths.

    Args:
        tree: Tree of prototypes.
        rows: (n, D) floating point, of any length; they may be mapped from
            disk, since they are read in chunks.
        path: (n, l) long, prototypes of the l finest levels, -1 for rows
            without a path.

    Returns:
        (n, l) float32, NaN for rows without a path or a direction.

    Raises:
        ValueError: If rows and prototypes have different lengths.
    """
    _check_lengths(rows, tree.centroids[0])
    found = path.new_empty(path.shape, dtype=torch.float32)
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        nodes = path[part]
        unit = rows[part].to(path.device, torch.float64)
        # NaN for rows without a direction.
        unit = (unit / unit.norm(dim=1, keepdim=True)).float()
        for level, centroids in enumerate(tree.centroids[: path.size(1)]):
            cosine = (unit * centroids[nodes[:, level]]).sum(1)
            found[part, level] = cosine.clamp(-1, 1)
    return found.masked_fill_(path < 0, torch.nan)


def _unit(rows: Tensor) -> Tensor:
    """Return unit rows in fixed point, zeros for rows that are not finite."""
    rows = torch.where(rows.isfinite().all(1)[:, None], rows, 0)
    return unit_rows(rows, inverse_norms(rows))


def _best_two(rows: Tensor, table: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the two largest products of every row, and the first's index."""
    best = rows.new_full((len(rows),), -torch.inf)
    second, index = best.clone(), best.new_zeros(len(rows), dtype=torch.long)
    for start in range(0, len(table), _COLUMNS):
        scores = rows @ table[start : start + _COLUMNS].T
        top, column = scores.max(1)
        scores.scatter_(1, column[:, None], -torch.inf)
        second = torch.maximum(second, torch.minimum(top, best))
        second = torch.maximum(second, scores.amax(1))
        index = torch.where(top > best, column + start, index)
        best = torch.maximum(best, top)
    return best, second, index


def _check_lengths(rows: Tensor, prototypes: Tensor) -> None:
    if rows.ndim != 2 or rows.shape[1:] != prototypes.shape[1:]:
        raise ValueError(
            f'the prototypes have {prototypes.size(1)} coordinates, but the '
            f'rows have the shape {tuple(rows.shape)}: embed the images with '
            'the checkpoint that the tree was built with'
        )
