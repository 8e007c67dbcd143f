"""Pictures of what a network sees of an image."""

from typing import NamedTuple

import torch
from mmengine.model import BaseModel
from PIL import Image
from torch import Tensor

from .feature_pass import normalized_images
from .image_reading import ReadImages


class SeenView(NamedTuple):
    """A view of an image.

    Args:
        picture: The view, RGB.
        size: Height and width of the image that it was cut out of, in pixels.
    """

    picture: Image.Image
    size: tuple[int, int]


class SeenViews:
    """Reads views of images again, to show them.

    The normalisation is undone by that of black and of white, so that colours
    are those that the network gets, whatever the order of the channels.

    Args:
        model: Model whose ``data_preprocessor`` is used.
        images: The images, with a pipeline that has no randomness.
    """

    def __init__(self, model: BaseModel, images: ReadImages) -> None:
        self.model = model
        self.images = images
        self._last: tuple[int, list[Tensor], tuple[int, int]] | None = None

    def __call__(self, sample_idx: int, view: int) -> SeenView:
        """Return a view.

        Args:
            sample_idx: Index of the image, which can be read.
            view: Number of the view among those of the image.
        """
        if self._last is None or self._last[0] != sample_idx:
            packed = self.images[sample_idx]
            size = tuple(packed['data_samples'].ori_shape[:2])
            self._last = sample_idx, as_list(packed['inputs']), size
        one, size = self._last[1][view], self._last[2]
        stack = torch.stack(
            [one, torch.zeros_like(one), torch.full_like(one, 255)]
        )
        batch = dict(inputs=stack, data_samples=[])
        seen, black, white = normalized_images(self.model, batch).cpu()
        pixels = (seen - black) / (white - black) * 255
        pixels = pixels.round().clamp(0, 255).byte().permute(1, 2, 0)
        return SeenView(Image.fromarray(pixels.numpy()), size)


def as_list(inputs: Tensor | list[Tensor]) -> list[Tensor]:
    """Return the views of a pipeline as a list, also a single one."""
    return [inputs] if isinstance(inputs, Tensor) else list(inputs)
