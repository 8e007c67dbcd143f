from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .ranges import check_probability, check_range, chosen, uniform


class ColorJitterValues(NamedTuple):
    """What :class:`ColorJitter` does with every view.

    Attributes:
        applied: (V,) bool, False for a view that stays as it is.
        order: (V, 4) int64, the order of brightness (0), contrast (1),
            saturation (2) and hue (3).
        factors: (V, 4) float64, factors of brightness, contrast and
            saturation, and the shift of the hue in turns.
    """

    applied: Tensor
    order: Tensor
    factors: Tensor


@dataclass(frozen=True)
class ColorJitter:
    """Change brightness, contrast, saturation and hue, in a random order.

    This is ``ColorJitter`` of MMPreTrain with Pillow, left out with
    probability ``1 - prob``. Every view has an order of its own.

    Args:
        brightness: Range of the factor, None for no change.
        contrast: Range of the factor, None for no change.
        saturation: Range of the factor, None for no change.
        hue: Range of the shift in turns, from -0.5 to 0.5; None for no change.
        prob: Probability that a view is changed.

    Raises:
        ValueError: If a range or the probability makes no sense.
    """

    brightness: tuple[float, float] | None = None
    contrast: tuple[float, float] | None = None
    saturation: tuple[float, float] | None = None
    hue: tuple[float, float] | None = None
    prob: float = 1.0

    def __post_init__(self) -> None:
        check_probability(self.prob)
        for name in ('brightness', 'contrast', 'saturation'):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), 0)
        if self.hue is not None:
            check_range('hue', self.hue, -0.5, 0.5)

    @property
    def ranges(self) -> tuple[tuple[float, float] | None, ...]:
        """The four ranges."""
        return self.brightness, self.contrast, self.saturation, self.hue

    def draw(self, sizes: Tensor, generator: Generator) -> ColorJitterValues:
        """Draw the changes of every view.

        Args:
            sizes: (V, 2) height and width of the image of every view.
            generator: Source of the random numbers, on the host.
        """
        num = len(sizes)
        applied = chosen(self.prob, num, generator)
        order = uniform(0, 1, (num, 4), generator).argsort(1)
        neutral = (1, 1), (1, 1), (1, 1), (0, 0)
        ranges = [
            given or default
            for given, default in zip(self.ranges, neutral, strict=True)
        ]
        factors = [
            uniform(low, high, (num,), generator) for low, high in ranges
        ]
        return ColorJitterValues(applied, order, torch.stack(factors, 1))
