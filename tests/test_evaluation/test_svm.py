import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from hirl_mm.evaluation.functional import average_precision, svm_scores


def case(num, num_classes=3, dim=8, seed=0):
    """Samples with none to all classes, some of them ignored."""
    means = np.random.default_rng(0).normal(size=(num_classes, dim))
    rng = np.random.default_rng(seed)
    targets = rng.integers(2, size=(num, num_classes))
    features = targets @ means + 1.5 * rng.normal(size=(num, dim))
    targets[rng.random(targets.shape) < 0.1] = -1
    return features.astype(np.float32), targets


def naive_choice(features, target, costs):
    best = None
    for cost in costs:
        precision = []
        for train, test in StratifiedKFold(3).split(features, target):
            machine = machine_of(cost, target[train])
            machine.fit(features[train], target[train])
            score = machine.decision_function(features[test])
            precision.append(average_precision_score(target[test], score))
        if best is None or np.mean(precision) > best[0]:
            best = np.mean(precision), cost
    return best[1]


def machine_of(cost, target):
    """The weight of positives as one cost per sample."""

    class Weighted(LinearSVC):
        def fit(self, rows, labels):
            return super().fit(rows, labels, np.where(labels == 1, 2.0, 1.0))

    return Weighted(C=cost, tol=1e-8, max_iter=100000)


def test_equals_the_naive_protocol():
    (features, targets), (queries, truth) = case(90), case(60, seed=1)
    costs = (1e-4, 1e-2, 0.1, 1.0, 10.0)
    found = svm_scores(features, targets, queries, truth, costs)
    unit, unit_queries = (
        rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for rows in (features.astype(np.float64), queries.astype(np.float64))
    )
    scores = []
    for c in range(3):
        known = targets[:, c] >= 0
        rows, target = unit[known], targets[known, c]
        cost = naive_choice(rows, target, costs)
        assert found.costs[c] == cost
        machine = machine_of(cost, target).fit(rows, target)
        scores.append(machine.decision_function(unit_queries))
    scores = np.stack(scores, axis=1)
    assert set(found.average_precision) == {'11-point', 'interpolated', 'step'}
    for method, values in found.average_precision.items():
        expected = average_precision(scores, truth, method)
        np.testing.assert_allclose(values, expected, atol=0.1)
        assert found.mean[method] == pytest.approx(np.mean(values))
    assert 50 < found.mean['step'] < 99


def test_cross_validation_decides():
    features, targets = case(60)
    found = svm_scores(features, targets, features, targets, (1e-9, 1.0))
    again = svm_scores(features, targets, features, targets, (1.0, 1e-9))
    assert found == again
    only = svm_scores(features, targets, features, targets, (1e-9,))
    assert only.costs == (1e-9,) * 3


def test_is_invariant_to_the_length_of_features():
    features, targets = case(60)
    length = np.linspace(0.5, 3, 60)[:, None]
    expected = svm_scores(features, targets, features, targets, (0.1,))
    found = svm_scores(
        features * length, targets, features * length, targets, (0.1,)
    )
    for method, values in found.average_precision.items():
        assert values == pytest.approx(expected.average_precision[method])


def test_open_targets_of_training_samples_play_no_part():
    features, targets = case(60)
    targets[:, 0] = np.abs(targets[:, 0])
    queries, truth = case(40, seed=1)
    more = np.concatenate([features, -10 * features[:20]])
    open_targets = np.concatenate([targets, np.full((20, 3), -1)])
    expected = svm_scores(features, targets, queries, truth, (0.1, 1.0))
    assert svm_scores(more, open_targets, queries, truth, (0.1, 1.0)) == (
        expected
    )


def rejects(match, **changes):
    features, targets = case(30)
    given = dict(
        features=features,
        targets=targets,
        queries=features,
        query_targets=targets,
    )
    with pytest.raises(ValueError, match=match):
        svm_scores(**(given | changes))


def test_rejects_unusable_arguments():
    features, targets = case(30)
    rejects('costs must be one or more positive', costs=())
    rejects(r'positive numbers, got \(1, 0\)', costs=(1, 0))
    rejects('one row for each of their 30 rows', features=features[:9])
    rejects('queries must have one row for each', queries=features[0])
    rejects('same dimension, got 8 and 7', queries=features[:, :7])
    rejects('same classes, got 2 and 3', targets=targets[:, :2])
    match = r'targets of the features .* got \[-5, 5\]'
    rejects(match, targets=targets * 5)
    rejects('queries must be finite', queries=features * np.nan)
    none = targets.copy()
    none[:, 1] = 0
    rejects(r'queries: 1 of 3 .* \[1\]', query_targets=none)
    few = np.abs(targets)
    few[:, 2] = np.arange(30) < 2
    match = r'1 of 3 classes have fewer, the first: \[2\]; add samples'
    rejects(match, targets=few)
    few[:, 2] = 1 - few[:, 2]
    rejects(match, targets=few)
