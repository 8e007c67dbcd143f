from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from hirl_mm.losses import cross_sample_loss
from hirl_mm.models.modules import current_epoch
from hirl_mm.registry import MODELS

_REDUCTIONS = 'paper', 'official'


@MODELS.register_module()
class CrossSampleHead(BaseModule):
    r"""Loss of `CsMl <https://arxiv.org/abs/2012.02733>`_ on one level.

    Every image of a group, the anchor and its positives, is a query, and all
    of them are its positive keys, with equal weights (Eq. 2). The mixed image
    is pulled to the keys of its two images by their shares (Eq. 4). The loss
    is the sum of these terms (Eq. 5).

    Args:
        temperature: Temperature :math:`\tau`.
        reduction: ``'paper'`` for the sum of the terms, ``'official'`` for
            their mean as in the released code, a third of the sum.
        cross_start_epoch: First epoch, counted from 0, in which an image is
            pulled to the keys of other images. Before, it is pulled to its
            own key alone. The released code has 11. The mixed image has both
            keys from the beginning.
        init_cfg: Unused, since there are no parameters.

    Raises:
        ValueError: If the reduction is unknown or a number out of range.
    """

    def __init__(
        self,
        temperature: float = 0.2,
        reduction: str = 'paper',
        cross_start_epoch: int = 0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if temperature <= 0 or cross_start_epoch < 0:
            raise ValueError(
                'temperature must be positive and cross_start_epoch at least '
                f'0, got {temperature} and {cross_start_epoch}'
            )
        if reduction not in _REDUCTIONS:
            raise ValueError(
                f'reduction must be one of {_REDUCTIONS}, got {reduction!r}'
            )
        self.temperature = temperature
        self.reduction = reduction
        self.cross_start_epoch = cross_start_epoch

    def loss(
        self,
        queries: Sequence[Tensor],
        keys: Sequence[Tensor],
        negatives: Tensor,
        mixed: Tensor | None = None,
        share: float = 1.0,
        local: Sequence[Tensor] = (),
    ) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            queries: Of each of the G images of a group, the anchor first,
                embeddings (B, D) with rows of unit length.
            keys: Of each image, embeddings (B, D) of another view by the key
                encoder, with rows of unit length.
            negatives: (N, D) with rows of unit length.
            mixed: Embeddings (B, D) of anchors that are mixed with their
                first positive, with rows of unit length; None without mixing.
            share: Share of the anchor in the mixed image.
            local: Embeddings (B, D) of local crops of the anchor. They are
                queries like that of the anchor, and its term is the mean over
                them and its own.
        """
        crosses = current_epoch() >= self.cross_start_epoch
        terms = []
        for image, query in enumerate(queries):
            positives = keys if crosses else keys[image : image + 1]
            crops = [query, *(local if image == 0 else ())]
            of_crops = [self._term(q, positives, negatives) for q in crops]
            terms.append(torch.stack(of_crops).mean())
        if mixed is not None:
            weights = share, 1 - share
            terms.append(self._term(mixed, keys[:2], negatives, weights))
        total = torch.stack(terms).sum()
        return total / len(terms) if self.reduction == 'official' else total

    def _term(
        self,
        query: Tensor,
        positives: Sequence[Tensor],
        negatives: Tensor,
        weights: Sequence[float] | None = None,
    ) -> Tensor:
        return cross_sample_loss(
            query, positives, negatives, self.temperature, weights
        )
