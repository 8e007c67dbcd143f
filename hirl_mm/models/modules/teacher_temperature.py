def teacher_temperature(
    epoch: int, first: float, last: float, num_epochs: int
) -> float:
    """The teacher's temperature of an epoch, as in the released DINO.

    Args:
        epoch: From 0.
        first: Temperature of epoch 0.
        last: Temperature from epoch ``num_epochs - 1`` on; in between it
            rises in equal steps.
        num_epochs: Length of the warm-up.

    Example:
        >>> [teacher_temperature(e, 0.04, 0.07, 4) for e in (0, 1, 3, 9)]
        [0.04, 0.05, 0.07, 0.07]
    """
    if epoch >= num_epochs - 1:
        return last
    return first + (last - first) * epoch / (num_epochs - 1)
