from typing import TypedDict


class TeacherWarmup(TypedDict):
    """How a teacher's temperature begins, see :func:`teacher_temperature`."""

    first: float
    last: float
    num_epochs: int


def teacher_temperature(
    epoch: int, first: float, last: float, num_epochs: int
) -> float:
    """Return the teacher's temperature in an epoch, as in the released DINO.

    Args:
        epoch: The epoch, counted from 0.
        first: Temperature of epoch 0.
        last: Temperature from epoch ``num_epochs - 1`` on. Between the two
            the temperature changes in equal steps.
        num_epochs: Length of the warm-up in epochs.

    Example:
        >>> [teacher_temperature(e, 0.04, 0.07, 4) for e in (0, 1, 3, 9)]
        [0.04, 0.05, 0.07, 0.07]
    """
    if epoch >= num_epochs - 1:
        return last
    return first + (last - first) * epoch / (num_epochs - 1)
