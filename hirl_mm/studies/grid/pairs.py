"""Pairs of arms: which there may be, and their differences."""

from collections.abc import Mapping, Sequence

from .intervals import PairedDifference, paired_difference

# Names of two arms, the second subtracted from the first.
Pair = tuple[str, str]
# Values of an arm by figure and seed.
Figures = Mapping[str, Mapping[int, float]]


def check_pairs(pairs: Sequence[Pair], arms: Sequence[str]) -> None:
    """Check that differences are between two of the arms.

    Args:
        pairs: The pairs.
        arms: Names of all arms.

    Raises:
        ValueError: If a name is unknown, or both are the same.
    """
    for pair in pairs:
        if not set(pair) <= set(arms) or len(set(pair)) < 2:
            raise ValueError(
                f'a difference needs two of {", ".join(arms)}, got '
                f'{" and ".join(pair)}'
            )


def paired_differences(
    ours: Figures, theirs: Figures
) -> dict[str, PairedDifference]:
    """Return the differences of two arms, of the seeds that both have.

    Args:
        ours: Values of the first arm.
        theirs: Values of the arm that is subtracted.

    Returns:
        Differences by figure; figures that no seed has of both are left out.

    Example:
        >>> found = paired_differences({'kNN': {0: 71.0, 1: 83.0, 2: 9.0}},
        ...                            {'kNN': {0: 70.0, 1: 80.0}})
        >>> found['kNN'].mean, found['kNN'].num
        (2.0, 2)
    """
    paired = {
        name: [
            value - theirs[name][seed]
            for seed, value in by_seed.items()
            if seed in theirs.get(name, {})
        ]
        for name, by_seed in ours.items()
    }
    return {n: paired_difference(d) for n, d in paired.items() if d}
