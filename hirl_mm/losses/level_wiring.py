"""Which prediction is compared with which level, and with what weight."""

import math
from collections.abc import Callable, Sequence

# Prediction, target level and weight in one direction.
Term = tuple[int, int, float]

# Weights of D(p_1, z_n) and of every D(p_i, z_(i-1)) in one direction, for n
# levels. Eq. 6 and the pseudo-code of the paper do not agree; the pseudo-code
# has two levels, and more levels are weighted here like its second one.
WEIGHTINGS: dict[str, Callable[[int], tuple[float, float]]] = {
    'eq': lambda n: (1.0, 1.0),
    'pseudocode': lambda n: (0.25, 0.5),
    'balanced': lambda n: (0.5, 0.5),
    'mean': lambda n: (0.5 / n, 0.5 / n),
}


def cyclic_wiring(
    num_levels: int, weighting: str | Sequence[float] = 'pseudocode'
) -> list[Term]:
    """Return the terms of Eq. 6 of HCCL.

    The lowest level predicts the highest, every other level the one below.

    Args:
        num_levels: Number of levels n, at least 1.
        weighting: Name of published weights, see
            :func:`~hirl_mm.losses.cross_level_loss`; or n weights, one per
            predicting level, the lowest first.

    Returns:
        n terms (prediction, target level, weight in one direction), in the
        order of the predictions. Levels are counted from 0.

    Raises:
        ValueError: If there is no level, the weighting is unknown, or there
            are not n positive weights.

    Example:
        >>> cyclic_wiring(3, 'eq')
        [(0, 2, 1.0), (1, 0, 1.0), (2, 1, 1.0)]
    """
    if num_levels < 1:
        raise ValueError(f'num_levels must be at least 1, got {num_levels}')
    if isinstance(weighting, str):
        if weighting not in WEIGHTINGS:
            raise ValueError(
                f'weighting must be one of {", ".join(WEIGHTINGS)}, or '
                f'{num_levels} numbers, got {weighting!r}'
            )
        first, others = WEIGHTINGS[weighting](num_levels)
        weights = [first] + [others] * (num_levels - 1)
    else:
        weights = list(weighting)
    if len(weights) != num_levels:
        raise ValueError(
            f'weighting has {len(weights)} weights, but there are '
            f'{num_levels} levels: give one weight per predicting level, the '
            'lowest first'
        )
    terms = [(i, (i - 1) % num_levels, w) for i, w in enumerate(weights)]
    return checked_wiring(terms, num_levels, num_levels)


def checked_wiring(
    wiring: Sequence[Term], num_predictions: int, num_levels: int
) -> list[Term]:
    """Check the terms of a cross-level loss.

    Args:
        wiring: Terms (prediction, target level, weight in one direction).
        num_predictions: Number of predictions per view.
        num_levels: Number of target levels per view.

    Returns:
        The terms as a list of tuples.

    Raises:
        ValueError: If there is no term, a term is not three numbers, names a
            prediction or level that does not exist or repeats a pair, or a
            weight is not positive and finite.
    """
    terms = [tuple(term) for term in wiring]
    if not terms:
        raise ValueError(
            'wiring has no term, so there is no loss: give at least one '
            '(prediction, target level, weight), such as (0, 1, 0.5)'
        )
    for term in terms:
        if len(term) != 3:
            raise ValueError(
                'a term of wiring is (prediction, target level, weight), such '
                f'as (0, 1, 0.5), got {term}'
            )
        for name, place, count in (
            ('prediction', term[0], num_predictions),
            ('target level', term[1], num_levels),
        ):
            if place not in range(count):
                raise ValueError(
                    f'{term} of wiring names {name} {place}, but there are '
                    f'{count}, counted from 0: use 0 to {count - 1}'
                )
        if not 0 < term[2] < math.inf:
            raise ValueError(
                f'the weight of {term} of wiring must be positive: leave out '
                'a term that does not count'
            )
    pairs = [term[:2] for term in terms]
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise ValueError(
                f'wiring has the pair {pair} more than once: give it one '
                'weight'
            )
    return [(i, j, weight) for i, j, weight in wiring]
