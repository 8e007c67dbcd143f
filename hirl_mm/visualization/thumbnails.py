import os
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageOps

from hirl_mm.datasets.read_image import read_image

# Paths of the images by sample index, or a function that returns the image
# of a sample index.
Images = Callable[[int], Image.Image] | Sequence[str | os.PathLike]


class Thumbnails:
    """Grids of small square images of samples.

    Args:
        images: Paths of the images by sample index, or a function that
            returns the image of a sample index.
        size: Side of a thumbnail in pixels, including its frame.
        gap: Pixels between thumbnails.
        frame: Width of the frame in pixels.
    """

    def __init__(
        self,
        images: Images,
        size: int,
        gap: int = 4,
        frame: int = 3,
    ) -> None:
        self.images = images
        self.size = size
        self.gap = gap
        self.frame = frame

    def extent(self, num: int) -> int:
        """Return the length of a row of ``num`` thumbnails in pixels."""
        return num * (self.size + self.gap) - self.gap if num else 0

    def grid(
        self,
        samples: np.ndarray,
        columns: int,
        colors: Sequence[str],
    ) -> Image.Image:
        """Return an RGBA image of samples in rows, with transparent gaps.

        Args:
            samples: (n,) sample indices.
            columns: Number of thumbnails per row.
            colors: Color of the frame of every sample.
        """
        rows = -(-len(samples) // columns)
        shape = self.extent(min(columns, len(samples))), self.extent(rows)
        canvas = Image.new('RGBA', shape)
        for i, sample in enumerate(samples):
            row, column = divmod(i, columns)
            x = column * (self.size + self.gap)
            y = row * (self.size + self.gap)
            canvas.paste(colors[i], (x, y, x + self.size, y + self.size))
            image = self._load(int(sample), self.size - 2 * self.frame)
            canvas.paste(image, (x + self.frame, y + self.frame))
        return canvas

    def _load(self, sample: int, size: int) -> Image.Image:
        if callable(self.images):
            image = self.images(sample)
        else:
            image = read_image(self.images[sample])
        return ImageOps.fit(
            image.convert('RGB'), (size, size), Image.Resampling.LANCZOS
        )


def sample_members(
    members: np.ndarray, num: int, seed: Sequence[int]
) -> np.ndarray:
    """Draw at most ``num`` members at random, without replacement.

    Args:
        members: (n,) sample indices.
        num: Largest number of members to draw.
        seed: Seed of the draw, one or several integers.
    """
    generator = np.random.default_rng(seed)
    num = min(num, len(members))
    return generator.choice(members, num, replace=False)
