"""Dots of results, and of their distance to the first network's."""

import pytest

from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.visualization import draw_results
from hirl_mm.visualization.rate_curves import draw_rate_curves


def arm(name, knn, linear=None):
    results = ArmResults(name, '')
    results.add('kNN', {'k=10': knn, 'k=20': knn + 1})
    if linear is not None:
        results.add('linear', {'top-1': linear})
    return results


@pytest.fixture
def drawn(figures, tmp_path):
    """Draw arms, and return the axes of the picture."""

    def draw(*arms):
        draw_results(arms, tmp_path / 'results.png')
        assert (tmp_path / 'results.png').stat().st_size > 10_000
        return figures[-1].axes

    return draw


def dots(axes):
    return [c.get_offsets().tolist() for c in axes.collections]


def test_differences_to_the_first_on_an_axis_of_their_own(drawn):
    values, differences, curve = drawn(arm('a', 80, 90), arm('b', 78.5))
    first, second = dots(values)
    assert [x for x, _ in first] == [80, 81, 90]
    assert [x for x, _ in second] == [78.5, 79.5]
    # No dot covers another one.
    assert all(
        y < other for (_, y), (_, other) in zip(first, second, strict=False)
    )
    (found,) = dots(differences)
    assert [x for x, _ in found] == [-1.5, -1.5]
    assert [y for _, y in found] == [y for _, y in second]
    low, high = differences.get_xlim()
    assert low == -high <= -2.5
    assert differences.get_xlabel() == 'points above a, one run each'
    assert len(curve.lines) == 2


def test_one_network_has_no_differences(drawn):
    values, _ = drawn(arm('a', 80, 90))
    ((*_, (_, last)),) = dots(values)
    assert last == 2


def test_many_networks(drawn):
    _, differences, _ = drawn(*(arm(str(i), 80 + i) for i in range(6)))
    assert [d[0][0] for d in dots(differences)] == [1, 2, 3, 4, 5]


def test_curves_of_rates_do_not_magnify_noise(figures, tmp_path):
    near = {'a': [(0.1, 80.0, 0.1), (1.0, 80.3, 0.2)]}
    far = {'a': [(0.1, 60.0, 0.1), (1.0, 80.3, 0.2)]}
    for curves in near, far:
        draw_rate_curves(curves, tmp_path / 'sweep.png', 'rate', 'top-1')
    spans = [f.axes[0].get_ylim() for f in figures]
    assert spans[0][1] - spans[0][0] == pytest.approx(5)
    assert 20 < spans[1][1] - spans[1][0] < 25
