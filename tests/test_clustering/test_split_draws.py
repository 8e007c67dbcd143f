"""Draws of clusters against the rounds that faiss makes."""

import numpy as np
import pytest

from hirl_mm.clustering.split_draws import SplitDraws


def chances(counts):
    """Chance of every cluster, summed over rounds one cluster at a time."""
    spare = sum(counts) - len(counts)
    found, reached = np.zeros(len(counts)), 1.0
    for _ in range(400):
        for i, count in enumerate(counts):
            taken = max(count - 1, 0) / spare
            found[i] += reached * taken
            reached *= 1 - taken
    return found


@pytest.mark.parametrize(
    'counts', [[50, 3, 0, 7, 1, 20, 0, 0], [1, 2, 1, 2, 9], [2, 2], [0, 0, 30]]
)
def test_chances_are_those_of_the_rounds(counts):
    draws = SplitDraws(counts)
    drawn = [draws.draw(u) for u in (np.arange(20_000) + 0.5) / 20_000]
    found = np.bincount(drawn, minlength=len(counts)) / len(drawn)
    assert found == pytest.approx(chances(counts), abs=2e-4)


def test_half_of_the_members_move():
    draws = SplitDraws([7, 0, 1])
    draws.move_half(0, 1)
    assert draws.counts.tolist() == [4, 3, 1]
    again = SplitDraws([4, 3, 1])
    for u in np.linspace(0, 1, 50, endpoint=False):
        # Probabilities stay those of 8 members in 3 clusters.
        assert draws.draw(u) == again.draw(u)


def test_nothing_to_split():
    assert SplitDraws([1, 0, 1]).draw(0.5) is None
