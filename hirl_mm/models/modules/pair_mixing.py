"""Mixing the images of a batch with those of another, for CsMl."""

import math
from abc import ABCMeta, abstractmethod

import torch
from torch import Tensor

from hirl_mm.registry import MODELS


class PairMix(metaclass=ABCMeta):
    r"""Base class of functions that mix every anchor with its positive.

    A batch has one share :math:`\lambda` of Beta(alpha, alpha). Random numbers
    come from PyTorch's global state on the CPU.

    Args:
        alpha: Parameter of the beta distribution.

    Raises:
        ValueError: If ``alpha`` is not positive.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        if alpha <= 0:
            raise ValueError(f'alpha must be positive, got {alpha}')
        self.alpha = alpha

    def __call__(
        self, anchors: Tensor, positives: Tensor
    ) -> tuple[Tensor, float]:
        """Mix two batches.

        Args:
            anchors: (B, C, H, W); not changed.
            positives: (B, C, H, W), one for each anchor.

        Returns:
            The mixed images (B, C, H, W), and the share of the anchors in
            them.
        """
        shares = torch.distributions.Beta(self.alpha, self.alpha)
        return self.mix(anchors, positives, shares.sample().item())

    @abstractmethod
    def mix(
        self, anchors: Tensor, positives: Tensor, share: float
    ) -> tuple[Tensor, float]:
        """Mix two batches for a drawn share, see :meth:`__call__`."""


@MODELS.register_module()
class PairCutMix(PairMix):
    r"""Paste a part of every positive into its anchor, Eq. 3 of CsMl.

    As in the released code, all images of a batch have the same box. It has
    :math:`\sqrt{1 - \lambda}` of height and width, its centre is uniform, and
    it ends at the border of the image. The share that counts is that of the
    area outside of the box. The paper has ``alpha`` = 1, the released code 2.
    """

    def mix(
        self, anchors: Tensor, positives: Tensor, share: float
    ) -> tuple[Tensor, float]:
        height, width = anchors.shape[-2:]
        row, column = torch.rand(2).tolist()
        box = cutmix_box(height, width, share, (row, column))
        return cutmix(anchors, positives, box)


@MODELS.register_module()
class PairMixUp(PairMix):
    """Average every anchor and its positive, table A.3 of CsMl.

    The paper does not give ``alpha``; 1 is that of CutMix.
    """

    def mix(
        self, anchors: Tensor, positives: Tensor, share: float
    ) -> tuple[Tensor, float]:
        return positives.lerp(anchors, share), share


def cutmix_box(
    height: int, width: int, share: float, centre: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Return the box that CutMix pastes.

    Args:
        height: Height of the images.
        width: Width of the images.
        share: Share of the area outside of the box, if the box lies inside of
            the image.
        centre: Centre of the box as shares of height and width, in [0, 1).

    Returns:
        Top, bottom, left and right in pixels, without bottom and right.
    """
    side = math.sqrt(1 - share)

    def ends(size: int, where: float) -> tuple[int, int]:
        middle, half = int(where * size), int(side * size) // 2
        return max(0, middle - half), min(size, middle + half)

    return *ends(height, centre[0]), *ends(width, centre[1])


def cutmix(
    anchors: Tensor, positives: Tensor, box: tuple[int, int, int, int]
) -> tuple[Tensor, float]:
    """Paste a box of the positives into the anchors.

    Args:
        anchors: (B, C, H, W); not changed.
        positives: (B, C, H, W).
        box: Box, see :func:`cutmix_box`.

    Returns:
        The mixed images, and the share of their area that is of the anchor.
    """
    top, bottom, left, right = box
    mixed = anchors.clone()
    mixed[..., top:bottom, left:right] = positives[..., top:bottom, left:right]
    area = (bottom - top) * (right - left)
    return mixed, 1 - area / (anchors.size(-2) * anchors.size(-1))
