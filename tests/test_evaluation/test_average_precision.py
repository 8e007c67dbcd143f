import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from hirl_mm.evaluation.functional import average_precision


def naive_curve(scores, targets):
    """(recall, precision) for every threshold, as exact as can be."""
    curve = []
    for threshold in sorted(set(scores), reverse=True):
        taken = [
            t
            for s, t in zip(scores, targets, strict=True)
            if s >= threshold and t >= 0
        ]
        if taken:
            hits = sum(taken)
            positives = sum(t == 1 for t in targets)
            curve.append((hits / positives, hits / len(taken)))
    return curve


def naive_eleven_points(scores, targets):
    curve = naive_curve(scores, targets)
    total = 0
    for i in range(11):
        total += max(p for r, p in curve if r >= i / 10)
    return 100 * total / 11


def naive_area(scores, targets):
    curve = naive_curve(scores, targets)
    area, before = 0, 0
    for recall, _ in curve:
        best = max(p for r, p in curve if r >= recall)
        area += (recall - before) * best
        before = recall
    return 100 * area


def naive_step(scores, targets):
    area, before = 0, 0
    for recall, precision in naive_curve(scores, targets):
        area += (recall - before) * precision
        before = recall
    return 100 * area


NAIVE = {
    '11-point': naive_eleven_points,
    'interpolated': naive_area,
    'step': naive_step,
}


@pytest.mark.parametrize('method', NAIVE)
@pytest.mark.parametrize('values', [5, 1000])
def test_equals_the_naive_average_precision(method, values):
    rng = np.random.default_rng(0)
    targets = rng.integers(-1, 2, size=(40, 3))
    targets[:3] = 1
    scores = rng.integers(values, size=(40, 3)) + 0.2 * values * targets
    found = average_precision(scores, targets, method)
    expected = [
        NAIVE[method](s.tolist(), t.tolist())
        for s, t in zip(scores.T, targets.T, strict=True)
    ]
    np.testing.assert_allclose(found, expected)


def test_step_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=(50, 2))
    scores = rng.normal(size=(50, 2)) + targets
    expected = 100 * average_precision_score(targets, scores, average=None)
    found = average_precision(scores, targets, 'step')
    np.testing.assert_allclose(found, expected)


def test_hand_made_case():
    # hits at ranks 1 and 4: precision 1 up to recall 1/2, then 1/2
    scores = np.array([[4.0], [3], [2], [1]])
    targets = np.array([[1], [0], [0], [1]])
    for method, expected in [
        ('11-point', 100 * (6 * 1 + 5 * 0.5) / 11),
        ('interpolated', 75),
        ('step', 75),
    ]:
        found = average_precision(scores, targets, method)
        assert found == pytest.approx([expected])
    # a miss first: the best precision at or above any recall is 2/3
    targets = np.array([[0], [1], [1], [0]])
    assert average_precision(scores, targets) == pytest.approx([200 / 3])
    found = average_precision(scores, targets, 'interpolated')
    assert found == pytest.approx([200 / 3])
    found = average_precision(scores, targets, 'step')
    assert found == pytest.approx([100 * (0.5 * 0.5 + 0.5 * 2 / 3)])


@pytest.mark.parametrize('method', NAIVE)
def test_samples_left_open_play_no_part(method):
    rng = np.random.default_rng(1)
    targets = rng.integers(2, size=(30, 1))
    scores = rng.normal(size=(30, 1))
    expected = average_precision(scores, targets, method)
    more = np.concatenate([targets, np.full((9, 1), -1)])
    found = average_precision(
        np.concatenate([scores, rng.normal(size=(9, 1))]), more, method
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('method', NAIVE)
def test_a_perfect_ranking_scores_100(method):
    targets = np.array([[1], [1], [0]])
    found = average_precision(-np.arange(3.0)[:, None], targets, method)
    assert found == pytest.approx([100])


@pytest.mark.parametrize(
    ('scores', 'targets', 'method', 'match'),
    [
        ([[1.0]], [[1]], 'voc', r"'11-point', .*, got 'voc'"),
        ([[1.0]], [[2]], 'step', r'1 \(positive\), .* got \[2\]'),
        ([1.0], [1], 'step', r'shape \(N, C\) .* got \(1,\)'),
        ([[1.0, 2]], [[1]], 'step', r'shape of the .*\(1, 2\) and \(1, 1\)'),
        ([[np.nan]], [[1]], 'step', 'finite, but 1 are nan or inf'),
        ([[1.0, 2]], [[1, 0]], 'step', r'1 of 2 classes have no .* \[1\]'),
        ([[1.0, 2]], [[-1, 1]], 'step', r'1 of 2 classes have no .* \[0\]'),
    ],
)
def test_rejects(scores, targets, method, match):
    with pytest.raises(ValueError, match=match):
        average_precision(scores, targets, method)
