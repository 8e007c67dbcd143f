"""Appendix A.1 of HCCL: a linear network of scalars under the paired loss.

Its features are u times the invariant part of an image plus v times the part
that augmentation changes; w is the second level, p_1 and p_2 are predictors.
The expected squared errors of the package's pairs, with targets that get no
gradient, are followed in continuous time.
"""

from itertools import product

import numpy as np
import pytest

from hirl_mm.losses.level_wiring import cyclic_wiring

RATE_W, RATE_P = 0.1, 1.0
STARTS = 0.1 * np.array(list(product([-1.0, 1.0], repeat=5))).T


def descent(state, wiring):
    """Time derivative of (u, v, w, p_1, p_2), each an array."""
    u, v, w, p1, p2 = state
    predicts = p1, p2 * w
    targets = 1.0, w
    gradient = np.zeros_like(state)
    for i, j, weight in wiring:
        a = predicts[i]
        error = a * u - targets[j] * u
        gradient[0] += 2 * weight * a * error
        gradient[1] += 2 * weight * a * a * v
        of_a = 2 * weight * (error * u + a * v * v)
        if i == 0:
            gradient[3] += of_a
        else:
            gradient[4] += of_a * w
            gradient[2] += of_a * p2
    rates = np.array([RATE_W, RATE_W, RATE_W, RATE_P, RATE_P])
    return -rates[:, None] * gradient


def followed(wiring, time=4000.0, step=0.5):
    """The end of all 32 trajectories, by the method of Runge and Kutta."""
    state = STARTS.copy()
    for _ in range(round(time / step)):
        k1 = descent(state, wiring)
        k2 = descent(state + step / 2 * k1, wiring)
        k3 = descent(state + step / 2 * k2, wiring)
        k4 = descent(state + step * k3, wiring)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state


def conserved(state):
    u, v, w, p1, p2 = state
    return np.array(
        [
            (u * u + v * v) / RATE_W - (p1 * p1 + p2 * p2) / RATE_P,
            w * w / RATE_W - p2 * p2 / RATE_P,
        ]
    )


def test_all_starts_reach_the_invariant_part():
    end = followed(cyclic_wiring(2, 'balanced'))
    u, v, w, p1, p2 = end
    assert abs(v).max() < 1e-6
    assert p1 == pytest.approx(w, abs=1e-6)
    assert p2 * w == pytest.approx(1, abs=1e-6)
    assert abs(u) == pytest.approx(0.6015278553, abs=1e-6)
    assert abs(w) == pytest.approx(0.5663565859, abs=1e-6)
    assert abs(p2) == pytest.approx(1.7656720603, abs=1e-6)
    assert conserved(end) == pytest.approx(conserved(STARTS), abs=1e-6)


def test_pairs_of_one_level_reach_another_end():
    """So that the pairs above matter."""
    *_, w, p1, p2 = followed([(0, 0, 0.5), (1, 1, 0.5)], time=400)
    assert not np.allclose(p1, w, atol=0.1)
