_FACTORS = dict(official=1, paper=2)


def check_reduction(reduction: str) -> int:
    """Return the factor of a reduction of SS-PRL's losses.

    Args:
        reduction: ``'official'``, the mean over two directions, or
            ``'paper'``, their sum.

    Raises:
        ValueError: If the reduction is unknown.
    """
    if reduction not in _FACTORS:
        raise ValueError(
            f'reduction must be one of {tuple(_FACTORS)}, got {reduction!r}'
        )
    return _FACTORS[reduction]
