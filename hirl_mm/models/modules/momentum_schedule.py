import math


def momentum_at(
    done_share: float, base_momentum: float, final_momentum: float = 1.0
) -> float:
    """Return a teacher's momentum, which moves along a cosine.

    Args:
        done_share: Completed share of the training, in [0, 1].
        base_momentum: Momentum at the start, the weight of the old teacher in
            the moving average.
        final_momentum: Momentum at the end.

    Example:
        >>> [round(momentum_at(t, 0.996), 4) for t in (0, 0.5, 1)]
        [0.996, 0.998, 1.0]
        >>> momentum_at(0.7, 0.996, 0.996)
        0.996
    """
    left = (1 + math.cos(math.pi * done_share)) / 2
    return final_momentum - (final_momentum - base_momentum) * left
