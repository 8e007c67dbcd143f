"""Checks of arguments that heads with prototypes share."""

from collections.abc import Sequence


def check_positive(**values: float) -> None:
    """Check numbers by name.

    Raises:
        ValueError: If one of them is not positive.
    """
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f'{name} must be positive, got {value}')


def check_num_crops(num_crops: Sequence[int]) -> None:
    """Check the numbers of crops of each resolution.

    Raises:
        ValueError: If a number is not positive, or there is no second crop.
    """
    if sum(num_crops) < 2 or min(num_crops) < 1:
        raise ValueError(
            'num_crops must be positive and at least 2 in total, to predict '
            f'one crop from another, such as (2, 6), got {tuple(num_crops)}'
        )
