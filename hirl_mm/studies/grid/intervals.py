"""What paired differences of several seeds say about a mean difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
HIGHER, LOWER = 'higher', 'lower'
# Two seeds that agree by chance have an interval that is too short to
# believe: of kNN, which counts images, even one without a length.
_FEWEST = 3
_RESAMPLES = 9999


@dataclass(frozen=True)
class PairedDifference:
    """Mean of the differences between two arms, seed by seed.

    Args:
        num: Number of seeds that both arms have.
        mean: Mean of the differences; nan without a seed.
        spread: Standard deviation of the differences, with n - 1 in the
            denominator; nan with less than two seeds.
        t_interval: 95 % interval of the mean, by Student's t with n - 1
            degrees of freedom; None with less than three seeds.
        bootstrap: 95 % interval of the mean by resampling the seeds
            (percentiles); None with less than three seeds.
        values: The differences themselves.
    """

    num: int
    mean: float
    spread: float
    t_interval: tuple[float, float] | None
    bootstrap: tuple[float, float] | None
    values: tuple[float, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether the t interval excludes 0."""
        return self.reading in (HIGHER, LOWER)

    @property
    def reading(self) -> str:
        """What the t interval says, in words that claim no more than that.

        The bootstrap is shown beside it and decides nothing: with five seeds
        its interval is too short.
        """
        if self.t_interval is None:
            return 'too few seeds'
        low, high = self.t_interval
        if low > 0:
            return HIGHER
        return LOWER if high < 0 else 'not shown: 0 is in the interval'


def paired_difference(values: Sequence[float]) -> PairedDifference:
    """Return mean and intervals of paired differences.

    Args:
        values: The difference of every seed.

    Example:
        >>> found = paired_difference([1.0, 2.0, 3.0])
        >>> found.mean, found.spread
        (2.0, 1.0)
        >>> [round(end, 3) for end in found.t_interval]
        [-0.484, 4.484]
        >>> found.reading
        'not shown: 0 is in the interval'
    """
    given = tuple(map(float, values))
    sample = np.array(given)
    num = len(sample)
    mean = float(sample.mean()) if num else math.nan
    spread = float(sample.std(ddof=1)) if num > 1 else math.nan
    if num < _FEWEST:
        return PairedDifference(num, mean, spread, None, None, given)
    if spread == 0:  # SciPy divides by it.
        point = mean, mean
        return PairedDifference(num, mean, 0.0, point, point, given)
    interval = stats.ttest_1samp(sample, 0).confidence_interval(LEVEL)
    resampled = stats.bootstrap(
        (sample,),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=LEVEL,
        method='percentile',
        rng=np.random.default_rng(0),
    ).confidence_interval
    student, bootstrap = (
        (float(i.low), float(i.high)) for i in (interval, resampled)
    )
    return PairedDifference(num, mean, spread, student, bootstrap, given)
