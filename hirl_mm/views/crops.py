from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from .ragged_images import RaggedImages


class Crops(NamedTuple):
    """Which pixels views are made from.

    Attributes:
        starts: (V,) int64, row of the tensor of pixels where the image of a
            view begins.
        widths: (V,) int64, widths of these images in pixels.
        boxes: (V, 4) int64, top, left, height and width of the crops.
        flips: (V,) bool, whether the crop is mirrored.
    """

    starts: Tensor
    widths: Tensor
    boxes: Tensor
    flips: Tensor

    @classmethod
    def of(
        cls, images: RaggedImages, image: Tensor, boxes: Tensor, flips: Tensor
    ) -> 'Crops':
        """Return the crops of images.

        Args:
            images: B images.
            image: (V,) image of every crop.
            boxes: (V, 4) int64.
            flips: (V,) bool.

        Raises:
            ValueError: If a crop is empty or not within its image.
        """
        ends = boxes[:, :2] + boxes[:, 2:]
        inside = (
            (boxes[:, :2] >= 0)
            & (boxes[:, 2:] > 0)
            & (ends <= images.sizes[image])
        ).all(1)
        if not inside.all():
            view = int(inside.int().argmin())
            raise ValueError(
                f'the crop of view {view}, (top, left, height, width) = '
                f'{tuple(boxes[view].tolist())}, is not within its image of '
                f'{images.sizes[image[view]].tolist()} pixels'
            )
        starts = images.offsets()[image]
        return cls(starts, images.sizes[image, 1], boxes, flips)

    def split(self, lengths: list[int]) -> Iterator['Crops']:
        """Yield groups of crops, of these lengths."""
        parts = (tensor.split(lengths) for tensor in self)
        for group in zip(*parts, strict=True):
            if len(group[0]):
                yield Crops(*group)

    def to(self, device: torch.device) -> 'Crops':
        """Return the crops on a device."""
        return Crops(*(x.to(device, non_blocking=True) for x in self))
