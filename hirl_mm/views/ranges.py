"""Checks and draws of numbers in a range."""

import math
from typing import Any

import torch
from torch import Generator, Tensor


def check_range(
    name: str, value: Any, least: float, most: float = math.inf
) -> None:
    """Check that a value is a range (low, high).

    Raises:
        ValueError: If it is not, or not within ``least`` and ``most``.
    """
    try:
        low, high = value
        valid = least <= low <= high <= most
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f'{name} must be two numbers (low, high) from {least} to {most}, '
            f'the smaller one first, got {value!r}'
        )


def check_probability(prob: object) -> None:
    """Check that a value is a probability.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(prob, (int, float)) or not 0 <= prob <= 1:
        raise ValueError(f'prob must be a number from 0 to 1, got {prob!r}')


def check_size(name: str, size: object) -> None:
    """Check that a value is the size (height, width) of an image.

    Raises:
        ValueError: If it is not.
    """
    valid = (
        isinstance(size, (tuple, list))
        and len(size) == 2
        and all(isinstance(side, int) and side > 0 for side in size)
    )
    if not valid:
        raise ValueError(
            f'{name} must be a height and a width in pixels, such as '
            f'(224, 224), got {size!r}'
        )


def uniform(
    low: float, high: float, shape: tuple[int, ...], generator: Generator
) -> Tensor:
    """Draw numbers of a uniform distribution, float64 on the host."""
    draws = torch.rand(shape, dtype=torch.float64, generator=generator)
    return low + (high - low) * draws


def chosen(prob: float, count: int, generator: Generator) -> Tensor:
    """Draw for every view whether something happens, (V,) bool."""
    return uniform(0, 1, (count,), generator) < prob
