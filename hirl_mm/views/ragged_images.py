from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class RaggedImages(NamedTuple):
    """Images of different sizes in one tensor, without padding.

    Attributes:
        pixels: (P, 3) uint8, the pixels of all images one after the other,
            row by row.
        sizes: (B, 2) int64 on the host, height and width of every image.
    """

    pixels: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, images: Sequence[Tensor]) -> 'RaggedImages':
        """Return images as one tensor.

        Args:
            images: B tensors (H, W, 3) uint8.
        """
        pixels = torch.cat([image.reshape(-1, 3) for image in images])
        return cls(pixels, torch.tensor([x.shape[:2] for x in images]))

    def offsets(self) -> Tensor:
        """Return the row of ``pixels`` where every image begins.

        Returns:
            (B + 1,) int64 on the host; the last one is the number of pixels.
        """
        ends = self.sizes.prod(1).cumsum(0)
        return torch.cat([ends.new_zeros(1), ends])

    def chosen(self, image: Tensor) -> 'RaggedImages':
        """Return copies of some images.

        Args:
            image: (V,) int64 on the host, numbers of the images.
        """
        pixels, sizes = self
        if torch.equal(image, torch.arange(len(sizes))):
            return self._replace(pixels=pixels.clone())
        starts, lengths = self.offsets()[image], sizes[image].prod(1)
        index, _ = pixels_of(starts, lengths, pixels.device)
        return RaggedImages(pixels[index], sizes[image])

    def check(self) -> None:
        """Check that the pixels are those of images of these sizes.

        Raises:
            TypeError: If the pixels are not uint8.
            ValueError: If shapes do not fit together.
        """
        pixels, sizes = self
        if pixels.dtype != torch.uint8:
            raise TypeError(f'pixels must be uint8, got {pixels.dtype}')
        if sizes.ndim != 2 or sizes.size(1) != 2 or sizes.is_cuda:
            raise ValueError(
                'sizes must be (B, 2) on the host, height and width of every '
                f'image, got {tuple(sizes.shape)} on {sizes.device}'
            )
        if len(sizes) and sizes.min() < 1:
            raise ValueError(
                f'every image needs a pixel, got sizes {sizes.tolist()}'
            )
        expected = int(sizes.prod(1).sum()), 3
        if pixels.shape != expected:
            raise ValueError(
                f'images of these sizes have pixels {expected}, got '
                f'{tuple(pixels.shape)}; images of one channel or four must '
                'be converted when they are decoded'
            )


def pixels_of(
    starts: Tensor, lengths: Tensor, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the pixels of some images, without waiting for the device.

    Args:
        starts: (n,) int64 on the host, where every image begins.
        lengths: (n,) int64 on the host, how many pixels it has.
        device: Device of the results.

    Returns:
        Numbers of the pixels, and the image of each from 0 to n - 1; both
        int64.
    """
    num = int(lengths.sum())
    shift = starts - (lengths.cumsum(0) - lengths)
    owner = torch.repeat_interleave(lengths.to(device), output_size=num)
    index = shift.to(device)[owner]
    return index.add_(torch.arange(num, device=device)), owner
