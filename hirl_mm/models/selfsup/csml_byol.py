from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import torch
from mmpretrain.models.heads import LatentPredictHead
from mmpretrain.models.selfsup import BYOL
from mmpretrain.models.utils import CosineEMA
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from hirl_mm.models.modules import (
    check_least_views,
    images_of_groups,
)
from hirl_mm.registry import MODELS

from .takes_positives import TakesPositives


@MODELS.register_module()
class CsMlBYOL(TakesPositives, BYOL):
    """BYOL with cross-sample positives, appendix A.1 of CsMl.

    `CsMl <https://arxiv.org/abs/2012.02733>`_ without negatives: the
    contrastive terms become BYOL's distance of a prediction and a target,
    with the same weights. As in BYOL, the loss is symmetric in the two views
    of every image. The paper gives no more than the accuracy, see
    ``docs/deviations.md``.

    Args:
        num_positives: Positives per anchor, as in the sampler.
        mix: Config of a
            :class:`~hirl_mm.models.modules.pair_mixing.PairCutMix` or
            ``PairMixUp``; None not to mix.
        **kwargs: Arguments of MMPreTrain's ``BYOL``.

    Raises:
        ValueError: If ``num_positives`` is less than 1.
    """

    neck: nn.Module
    head: LatentPredictHead
    target_net: CosineEMA

    def __init__(
        self,
        *args: Any,
        num_positives: int = 1,
        mix: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.take_positives(num_positives, mix)

    @property
    def key_backbone(self) -> nn.Module:
        """The moving average of the backbone."""
        return self.target_net.module[0]

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the loss of a training step.

        Args:
            inputs: Two views, a tensor (B * G, 3, H, W) each, with the
                positives of an anchor behind it.
            data_samples: Unused.
            **kwargs: Unused.

        Returns:
            ``loss``, like that of MMPreTrain's BYOL without the constant 2 of
            every distance.

        Raises:
            ValueError: If there are too few views, or the batch does not
                consist of groups.
        """
        check_least_views(inputs, 2)
        images = images_of_groups(inputs, self.group_size)
        with torch.no_grad():
            network = nn.Sequential(self.backbone, self.neck)
            self.target_net.update_parameters(network)
        there = self._loss_of_views(images, 0, 1)
        back = self._loss_of_views(images, 1, 0)
        return dict(loss=there + back)

    def _loss_of_views(
        self, images: list[list[Tensor]], online: int, target: int
    ) -> Tensor:
        """Return the loss of one view as query and the other as target."""
        views = [image[online] for image in images]
        predictions = [self._predict(view) for view in views]
        with torch.no_grad():
            targets = [self.target_net(image[target])[0] for image in images]
        equal = [1 / len(targets)] * len(targets)
        terms = [
            self._distance(prediction, targets, equal)
            for prediction in predictions
        ]
        if self.mix is not None:
            mixed, share = self.mix(*views[:2])
            weights = share, 1 - share
            prediction = self._predict(mixed)
            terms.append(self._distance(prediction, targets[:2], weights))
        return torch.stack(terms).sum()

    def _predict(self, images: Tensor) -> Tensor:
        return self.head.predictor([self.neck(self.backbone(images))[0]])[0]

    def _distance(
        self,
        prediction: Tensor,
        targets: Sequence[Tensor],
        weights: Sequence[float],
    ) -> Tensor:
        terms = (
            weight * self.head.loss_module(prediction, target)
            for weight, target in zip(weights, targets, strict=True)
        )
        return 2 * reduce(add, terms)
