from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .ranges import check_size, uniform


@dataclass(frozen=True)
class RandomCrop:
    """Cut out a box of one size at a random place; no pixel changes.

    All places within the image have the same probability.

    Args:
        size: Height and width of the box, and of the view, in pixels.

    Raises:
        ValueError: If this is not a size.
    """

    size: tuple[int, int]

    def __post_init__(self) -> None:
        check_size('size', self.size)

    @property
    def outputs(self) -> tuple[tuple[tuple[int, int], str], ...]:
        """Size of the view, and a filter that copies a box of this size."""
        return ((self.size, 'bilinear'),)

    def draw(self, sizes: Tensor, generator: Generator) -> Tensor:
        """Draw a box for every view.

        Args:
            sizes: (V, 2) height and width of the image of every view.
            generator: Source of the random numbers, on the host.

        Returns:
            (V, 4) int64: top, left, height and width in pixels.

        Raises:
            ValueError: If an image is smaller than the box.
        """
        extent = torch.tensor(self.size).expand(len(sizes), 2)
        free = sizes - extent
        if (free < 0).any():
            small = int((free < 0).any(1).int().argmax())
            raise ValueError(
                f'a RandomCrop of size={self.size} needs images of at least '
                f'this height and width, got {sizes[small].tolist()}'
            )
        place = uniform(0, 1, (len(sizes), 2), generator)
        corner = torch.minimum((place * (free + 1)).long(), free)
        return torch.cat([corner, extent], 1)
