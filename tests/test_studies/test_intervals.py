"""Intervals of paired differences, against tables and enumeration."""

import itertools
import math
from statistics import mean, stdev

import numpy as np
import pytest

from hirl_mm.studies.grid.intervals import paired_difference

# Quantiles of Student's t at 97.5 %, from a printed table.
T = {2: 4.303, 4: 2.776, 9: 2.262}


@pytest.mark.parametrize('df', T)
def test_interval_of_student(df):
    values = np.random.default_rng(df).normal(0.5, 1, df + 1).tolist()
    found = paired_difference(values)
    half = T[df] * stdev(values) / math.sqrt(df + 1)
    ends = mean(values) - half, mean(values) + half
    assert found.t_interval == pytest.approx(ends, rel=1e-3)
    assert (found.mean, found.spread) == pytest.approx(
        (mean(values), stdev(values))
    )
    assert found.num == df + 1


def test_bootstrap_of_all_resamples():
    """Of four values there are 256 resamples; percentiles of their means."""
    values = [0.0, 1.0, 2.0, 7.0]
    means = [mean(drawn) for drawn in itertools.product(values, repeat=4)]
    expected = np.quantile(means, [0.025, 0.975])
    found = paired_difference(values)
    assert found.bootstrap == pytest.approx(expected, abs=0.26)
    assert found.bootstrap[0] != found.t_interval[0]
    assert paired_difference(values) == found


@pytest.mark.parametrize(
    ('values', 'reading'),
    [
        ([1.0, 1.1, 0.9], 'higher'),
        ([-1.0, -1.1, -0.9], 'lower'),
        # The bootstrap excludes 0: all five are above it.
        ([0.1, 0.1, 0.1, 0.1, 3.0], 'not shown: 0 is in the interval'),
        ([0.0, 0.0, 0.0], 'not shown: 0 is in the interval'),
        ([2.0, 2.0, 2.0], 'higher'),
        ([2.0, 2.0], 'too few seeds'),
        ([5.0], 'too few seeds'),
        ([], 'too few seeds'),
    ],
)
def test_reading(values, reading):
    found = paired_difference(values)
    assert found.reading == reading
    assert found.num == len(values)
    if len(values) == 5:
        assert found.bootstrap[0] > 0 > found.t_interval[0]
