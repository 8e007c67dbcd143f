import math


def momentum_at(done_share: float, base_momentum: float) -> float:
    """Return a teacher's momentum, which rises to 1 along a cosine.

    Args:
        done_share: Completed share of the training, in [0, 1].
        base_momentum: Momentum at the start, the weight of the old teacher in
            the moving average.

    Example:
        >>> [round(momentum_at(t, 0.996), 4) for t in (0, 0.5, 1)]
        [0.996, 0.998, 1.0]
    """
    return 1 - (1 - base_momentum) * (1 + math.cos(math.pi * done_share)) / 2
