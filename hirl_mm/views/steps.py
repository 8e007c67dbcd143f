"""Steps of a view with one number per view, named as in MMPreTrain."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .ranges import check_probability, check_range, chosen, uniform


@dataclass(frozen=True)
class Flip:
    """Mirror a view, left to right.

    Args:
        prob: Probability that a view is mirrored.

    Raises:
        ValueError: If this is not a probability.
    """

    prob: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.prob)

    def draw(self, sizes: Tensor, generator: Generator) -> Tensor:
        """Draw which views are mirrored, (V,) bool, for sizes (V, 2)."""
        return chosen(self.prob, len(sizes), generator)


@dataclass(frozen=True)
class Grayscale:
    """Replace the three channels by their weighted mean, rounded down.

    Args:
        prob: Probability that a view becomes grey.
        channel_weights: Weights of the channels in their order in memory; they
            are divided by their sum.

    Raises:
        ValueError: If ``prob`` is not a probability, or the weights are not
            three numbers of at least 0 with a sum above 0.
    """

    prob: float = 0.1
    channel_weights: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        check_probability(self.prob)
        weights = self.channel_weights
        if len(weights) != 3 or min(weights) < 0 or not sum(weights) > 0:
            raise ValueError(
                'channel_weights must be three numbers of at least 0, one of '
                f'them above 0, got {weights}'
            )

    def draw(self, sizes: Tensor, generator: Generator) -> Tensor:
        """Draw which views become grey, (V,) bool, for sizes (V, 2)."""
        return chosen(self.prob, len(sizes), generator)


@dataclass(frozen=True)
class GaussianBlur:
    """Blur a view as Pillow does.

    Args:
        radius_range: Range of the standard deviation in pixels.
        prob: Probability that a view is blurred.

    Raises:
        ValueError: If the range or the probability makes no sense.
    """

    radius_range: tuple[float, float]
    prob: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.prob)
        check_range('radius_range', self.radius_range, 0)

    def draw(self, sizes: Tensor, generator: Generator) -> Tensor:
        """Draw radii (V,) float64 for sizes (V, 2); 0 means no blur."""
        applied = chosen(self.prob, len(sizes), generator)
        radii = uniform(*self.radius_range, (len(sizes),), generator)
        return torch.where(applied, radii, 0.0)


@dataclass(frozen=True)
class Solarize:
    """Invert the values of at least a threshold.

    Args:
        threshold: Smallest value that is inverted.
        prob: Probability that a view is changed.

    Raises:
        ValueError: If ``prob`` is not a probability, or the threshold is not a
            number.
    """

    threshold: float
    prob: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.prob)
        if not isinstance(self.threshold, (int, float)) or math.isnan(
            self.threshold
        ):
            raise ValueError(
                f'threshold must be a number, got {self.threshold!r}'
            )

    def draw(self, sizes: Tensor, generator: Generator) -> Tensor:
        """Draw which views are changed, (V,) bool, for sizes (V, 2)."""
        return chosen(self.prob, len(sizes), generator)
