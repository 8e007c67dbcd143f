import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .filters import FILTERS
from .ranges import check_range, check_size, uniform


@dataclass(frozen=True)
class RandomResizedCrop:
    """Crop at random and resize the crop, smoothed where it shrinks.

    A crop has a random area and a random aspect ratio. The first of
    ``num_tries`` crops that lies within the image is taken, at a random place;
    if there is none, the largest crop in the middle that has an allowed aspect
    ratio. This is ``RandomResizedCrop`` of MMPreTrain with Pillow; with a
    second size, ``TwoSizeCrop`` of this project.

    Args:
        size: Height and width of the view in pixels.
        crop_ratio_range: Smallest and largest share of the image that a crop
            covers.
        aspect_ratio_range: Smallest and largest width of a crop in units of
            its height.
        interpolation: Filter, ``'bilinear'``, ``'bicubic'`` or ``'lanczos'``.
        num_tries: Number of crops that are drawn.
        second_size: Height and width of a second view of the same crop, None
            for no second view.
        second_interpolation: Filter of the second view.

    Raises:
        ValueError: If a range, a size or the number of tries makes no sense,
            or a filter is unknown.
    """

    size: tuple[int, int]
    crop_ratio_range: tuple[float, float] = (0.08, 1.0)
    aspect_ratio_range: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: str = 'bilinear'
    num_tries: int = 10
    second_size: tuple[int, int] | None = None
    second_interpolation: str = 'lanczos'

    def __post_init__(self) -> None:
        check_size('size', self.size)
        if self.second_size is not None:
            check_size('second_size', self.second_size)
        check_range('crop_ratio_range', self.crop_ratio_range, 0)
        check_range('aspect_ratio_range', self.aspect_ratio_range, 0)
        if self.aspect_ratio_range[0] == 0:
            raise ValueError(
                'aspect_ratio_range must begin above 0, got '
                f'{self.aspect_ratio_range}'
            )
        if self.num_tries < 0:
            raise ValueError(
                f'num_tries must be at least 0, got {self.num_tries}'
            )
        for name in ('interpolation', 'second_interpolation'):
            if getattr(self, name) not in FILTERS:
                raise ValueError(
                    f'{name} must be one of {", ".join(FILTERS)}, got '
                    f'{getattr(self, name)!r}'
                )

    @property
    def outputs(self) -> tuple[tuple[tuple[int, int], str], ...]:
        """Sizes of the views of a crop, and the filter of each."""
        first = self.size, self.interpolation
        if self.second_size is None:
            return (first,)
        return first, (self.second_size, self.second_interpolation)

    def draw(self, sizes: Tensor, generator: Generator) -> Tensor:
        """Draw a box for every view.

        Args:
            sizes: (V, 2) height and width of the image of every view.
            generator: Source of the random numbers, on the host.

        Returns:
            (V, 4) int64: top, left, height and width in pixels.
        """
        num, tries = len(sizes), self.num_tries
        least, most = self.crop_ratio_range
        share = uniform(least, most, (num, tries), generator)
        low, high = map(math.log, self.aspect_ratio_range)
        log_aspect = uniform(low, high, (num, tries), generator)
        place = uniform(0, 1, (num, 2), generator)
        area = share * sizes.prod(1, keepdim=True)
        aspect = log_aspect.exp()
        tried = torch.stack([area / aspect, area * aspect], 2)
        tried = tried.sqrt().round().long()
        inside = ((tried > 0) & (tried <= sizes[:, None])).all(2)
        # One more column, so that the first one exists: the crop in the
        # middle.
        middle = self._middle(sizes)
        tried = torch.cat([tried, middle[:, None]], 1)
        inside = torch.cat([inside, inside.new_ones(num, 1)], 1)
        first = inside.int().argmax(1)
        extent = tried[torch.arange(num), first]
        free = sizes - extent
        corner = torch.where(
            (first == tries)[:, None],
            free // 2,
            torch.minimum((place * (free + 1)).long(), free),
        )
        return torch.cat([corner, extent], 1)

    def _middle(self, sizes: Tensor) -> Tensor:
        """Return height and width of the crop in the middle, (V, 2)."""
        low, high = self.aspect_ratio_range
        height, width = sizes.double().unbind(1)
        middle = torch.stack([width / low, height * high], 1).round().long()
        return torch.minimum(sizes, middle)
