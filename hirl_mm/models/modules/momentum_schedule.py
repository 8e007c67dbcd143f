import math


def momentum_at(done_share: float, base_momentum: float) -> float:
    """A teacher's momentum, from ``base_momentum`` to 1 along a cosine.

    Args:
        done_share: Share of the training that is done.
        base_momentum: Weight of the old teacher at the start.

    Example:
        >>> [round(momentum_at(t, 0.996), 4) for t in (0, 0.5, 1)]
        [0.996, 0.998, 1.0]
    """
    return 1 - (1 - base_momentum) * (1 + math.cos(math.pi * done_share)) / 2
