"""The rows nearest to prototypes, found in one pass over batches."""

from typing import NamedTuple

import torch
from torch import Tensor

from .finite import check_finite
from .fixed_point import inverse_norms, unit_rows
from .top_k import stable_top_k


class Nearest(NamedTuple):
    """The rows nearest to each of P prototypes, the nearest first.

    Args:
        similarity: (P, k') float64, cosines.
        sample_idx: (P, k') long, samples of the rows.
        part: (P, k') long, which part of its sample a row is.
        owner: (P, k') long, the prototype that is nearest to the row.
    """

    similarity: Tensor
    sample_idx: Tensor
    part: Tensor
    owner: Tensor


class NearestRows:
    """Find the rows nearest to prototypes, and count all rows by prototype.

    A sample has M rows, such as the embeddings of its patches. Cosines are
    those of unit rows in fixed point (:mod:`.fixed_point`), so the result does
    not depend on the device or on how samples are spread over batches. Of
    equal cosines, the earlier sample comes first, and of one sample the
    earlier part. Only the k best rows of every prototype are kept.

    Args:
        prototypes: (K, D) floating point.
        k: Number of rows to find per prototype.
        one_per_sample: Whether only the best row of a sample is found for a
            prototype.

    Attributes:
        counts: (K,) long, number of rows to which each prototype is nearest;
            of equal cosines, the first prototype counts.

    Raises:
        ValueError: If ``prototypes`` is not a matrix of floating point
            numbers, or ``k`` is less than 1.
        NonFiniteFeaturesError: If a prototype is NaN or infinite.

    Example:
        >>> nearest = NearestRows(torch.eye(2), k=2)
        >>> rows = torch.tensor([[[1., 0.], [2., 1.]], [[0., 1.], [1., 2.]]])
        >>> nearest.update(rows, torch.tensor([0, 1]))
        >>> nearest.found.sample_idx
        tensor([[0, 1],
                [1, 0]])
        >>> nearest.found.part
        tensor([[0, 1],
                [0, 1]])
        >>> nearest.counts
        tensor([2, 2])
    """

    def __init__(
        self, prototypes: Tensor, k: int, one_per_sample: bool = True
    ) -> None:
        if prototypes.ndim != 2 or not prototypes.is_floating_point():
            raise ValueError(
                'prototypes must be a floating point tensor (K, D), got '
                f'{prototypes.dtype} of shape {tuple(prototypes.shape)}'
            )
        if k < 1:
            raise ValueError(f'k must be at least 1, got {k}')
        prototypes = prototypes.detach()
        check_finite(prototypes, name='prototypes')
        self.k = k
        self.one_per_sample = one_per_sample
        self._prototypes = unit_rows(prototypes, inverse_norms(prototypes))
        none = torch.empty(
            len(prototypes), 0, dtype=torch.long, device=prototypes.device
        )
        self.found = Nearest(none.double(), none, none, none)
        self.counts = none.new_zeros(len(prototypes))

    @torch.no_grad()
    def update(self, rows: Tensor, sample_idx: Tensor) -> None:
        """Compare the rows of a batch of samples with the prototypes.

        Args:
            rows: (B, M, D) floating point.
            sample_idx: (B,) long, ascending, and above those of earlier
                batches.

        Raises:
            NonFiniteFeaturesError: If a row is NaN or infinite.
        """
        num_samples, num_parts, _ = rows.shape
        sample_idx = sample_idx.to(rows.device).repeat_interleave(num_parts)
        rows = rows.flatten(0, 1)
        check_finite(rows, sample_idx)
        part = torch.arange(num_parts, device=rows.device).repeat(num_samples)
        scores = unit_rows(rows, inverse_norms(rows)) @ self._prototypes.T
        # argmax and max return the first of equal values.
        owner = scores.argmax(1)
        self.counts += owner.bincount(minlength=len(self.counts))
        scores = scores.T
        number = torch.arange(len(rows), device=rows.device)
        number = number.expand(len(scores), -1)
        if self.one_per_sample:
            scores, place = scores.unflatten(1, (-1, num_parts)).max(2)
            number = number[:, ::num_parts] + place
        scores, best = stable_top_k(scores, self.k)
        row = number.gather(1, best)
        new = Nearest(scores, sample_idx[row], part[row], owner[row])
        similarity, *rest = (
            torch.cat(pair, 1) for pair in zip(self.found, new, strict=True)
        )
        similarity, order = stable_top_k(similarity, self.k)
        self.found = Nearest(similarity, *(r.gather(1, order) for r in rest))
