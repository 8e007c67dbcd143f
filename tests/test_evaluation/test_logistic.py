import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

from hirl_mm.evaluation.functional import logistic_accuracy
from hirl_mm.evaluation.functional.softmax_regression import (
    fit_softmax,
    softmax_loss,
)
from hirl_mm.evaluation.label_subsets import label_subset


def clouds(num, num_classes=4, dim=6, noise=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(num_classes, dim, generator=generator).double()
    generator.manual_seed(seed + num)
    labels = torch.arange(num) % num_classes
    spread = torch.randn(num, dim, generator=generator).double()
    return means[labels] + noise * spread, labels


def naive_loss(weights, features, targets, strength):
    """Autograd in float64, all scores at once, a sample at a time."""
    weights = torch.tensor(weights, requires_grad=True)
    total = 0
    for row, target in zip(features.double(), targets, strict=True):
        scores = weights[:, :-1] @ (row / row.norm()) + weights[:, -1]
        total = total - (scores[target].exp() / scores.exp().sum()).log()
    loss = total / len(features)
    loss = loss + strength / 2 * (weights[:, :-1] ** 2).sum()
    loss.backward()
    return loss.item(), weights.grad.numpy()


@pytest.mark.parametrize('chunk_size', [1, 7, 100])
@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_value_and_gradient_equal_autograd(chunk_size, dtype):
    features, targets = clouds(30)
    features = features.to(dtype)
    weights = np.random.default_rng(0).normal(size=(4, 7))
    rows = torch.arange(0, 30, 2)
    value, gradient = softmax_loss(
        weights, features, targets, rows, 0.3, chunk_size
    )
    expected = naive_loss(weights, features[rows], targets[rows], 0.3)
    tolerance = 1e-12 if dtype == torch.float64 else 1e-6
    assert value == pytest.approx(expected[0], abs=tolerance)
    np.testing.assert_allclose(gradient, expected[1], atol=tolerance)
    assert gradient.dtype == np.float64


def test_half_features_are_multiplied_in_float32():
    features, targets = clouds(30)
    features = features.half()
    weights = np.random.default_rng(0).normal(size=(4, 7))
    case = targets, torch.arange(30), 0.1, 8
    value, gradient = softmax_loss(weights, features, *case)
    expected = softmax_loss(weights, features.float(), *case)
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


def test_no_more_scores_than_a_chunk_exist():
    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        largest = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor) and func.namespace == 'aten':
                self.largest = max(self.largest, out.numel())
            return out

    features, targets = clouds(200, num_classes=20, dim=3)
    with Watch() as watch:
        softmax_loss(
            np.zeros((20, 4)), features, targets, torch.arange(200), 1.0, 8
        )
    assert watch.largest <= max(8 * 20, 200)


@pytest.mark.parametrize('strength', [1e-1, 1e-3])
@pytest.mark.parametrize('num_classes', [2, 4])
def test_optimum_is_that_of_scikit_learn(strength, num_classes):
    features, targets = clouds(90, num_classes)
    fit = fit_softmax(
        features,
        targets,
        torch.arange(90),
        strength,
        np.zeros((num_classes, 7)),
        max_iterations=1000,
        tolerance=1e-8,
        chunk_size=32,
    )
    assert fit.converged
    reference = LogisticRegression(C=1 / (strength * 90), tol=1e-9)
    unit = F.normalize(features, dim=1).numpy()
    if num_classes == 2:
        # two columns of opposite weights count twice in the penalty
        reference.C *= 2
    reference.fit(unit, targets.numpy())
    found = fit.weights - fit.weights.mean(axis=0)
    if num_classes == 2:
        found = (fit.weights[1] - fit.weights[0])[None]
    np.testing.assert_allclose(found[:, :-1], reference.coef_, atol=1e-4)
    bias = reference.intercept_ - reference.intercept_.mean()
    if num_classes == 2:
        bias = reference.intercept_
    np.testing.assert_allclose(found[:, -1], bias, atol=1e-4)


def test_a_fit_goes_on_from_its_start():
    features, targets = clouds(60)
    options = dict(max_iterations=1000, tolerance=1e-4, chunk_size=32)
    case = features, targets, torch.arange(60), 1e-3
    fit = fit_softmax(*case, np.zeros((4, 7)), **options)
    again = fit_softmax(*case, fit.weights, **options)
    assert fit.iterations > again.iterations == 0
    np.testing.assert_array_equal(again.weights, fit.weights)


def test_accuracy_is_that_of_scikit_learn_at_the_chosen_strength():
    features, labels = clouds(200, noise=1.5)
    queries, truth = clouds(80, noise=1.5, seed=0)
    strengths = (1.0, 1e-2, 1e-4)
    held_out = label_subset(labels, 0.2, seed=3)
    kept = np.setdiff1d(np.arange(200), held_out)
    unit, unit_queries = (
        F.normalize(rows, dim=1).numpy() for rows in (features, queries)
    )

    def score(rows, strength, others, other_labels):
        model = LogisticRegression(C=1 / (strength * len(rows)), tol=1e-8)
        model.fit(unit[rows], labels[rows])
        return model.score(others, other_labels)

    held = [
        score(kept, s, unit[held_out], labels[held_out]) for s in strengths
    ]
    best = strengths[int(np.argmax(held))]
    result = logistic_accuracy(
        features,
        labels * 10 + 2,
        queries,
        truth * 10 + 2,
        strengths=strengths,
        seed=3,
        tolerance=1e-7,
    )
    assert result.chosen and result.converged and result.iterations > 0
    assert result.strength == best
    expected = score(np.arange(200), best, unit_queries, truth)
    assert result.top1 == pytest.approx(100 * expected)
    assert 30 < result.top1 < 99


def test_the_choice_looks_at_held_out_samples_alone():
    # queries of other classes' features cannot sway it
    features, labels = clouds(120)
    options = dict(strengths=(10.0, 1e-3), seed=1)
    one = logistic_accuracy(features, labels, features, labels, **options)
    other = logistic_accuracy(
        features, labels, -features, (labels + 1) % 4, **options
    )
    assert one.strength == other.strength == 1e-3
    assert one.top1 > 70


def test_of_equally_good_strengths_the_first_is_taken():
    features = torch.eye(2).repeat(10, 1)
    labels = torch.arange(20) % 2
    for strengths in [(1e-2, 1e-3), (1e-3, 1e-2)]:
        result = logistic_accuracy(
            features, labels, features, labels, strengths=strengths
        )
        assert result.strength == strengths[0]
        assert result.top1 == 100


def test_a_single_sample_of_a_class_takes_the_fixed_strength():
    features = torch.tensor([[1.0, 0], [2, 0.1], [0, 1]])
    labels = torch.tensor([4, 4, 1])
    queries = torch.tensor([[9.0, 1], [0.1, 3], [1, 0]])
    result = logistic_accuracy(
        features, labels, queries, torch.tensor([4, 1, 7]), fixed_strength=0.1
    )
    assert not result.chosen
    assert result.strength == 0.1
    # the class 7 has no training sample
    assert result.top1 == pytest.approx(100 * 2 / 3)


def test_strength_decides_where_classes_are_uneven():
    # under a strong penalty the bias alone speaks, for the larger class
    features = torch.tensor([[1.0, 0]] * 6 + [[0, 1.0]] * 2)
    labels = torch.tensor([0] * 6 + [1] * 2)

    def top1(strength):
        return logistic_accuracy(
            features, labels, features, labels, strengths=[strength]
        ).top1

    assert top1(100.0) == 75
    assert top1(1e-3) == 100


@pytest.mark.parametrize('dtype', [torch.float16, torch.float32])
def test_is_invariant_to_chunks_and_lengths(dtype):
    features, labels = clouds(60, noise=0.3)
    features = features.to(dtype)
    expected = logistic_accuracy(features, labels, features, labels)
    length = torch.linspace(0.5, 4, 60)[:, None].to(dtype)
    found = logistic_accuracy(
        features, labels, features * length, labels, chunk_size=7
    )
    assert (found.top1, found.strength) == (expected.top1, expected.strength)


def test_says_when_it_ran_out_of_iterations():
    features, labels = clouds(60)
    result = logistic_accuracy(
        features, labels, features, labels, max_iterations=2
    )
    assert not result.converged
    assert result.iterations <= 2


def five_copies():
    """Of each class, so that four of five have the same optimum as all."""
    features, labels = clouds(4)
    return features.repeat_interleave(5, 0), labels.repeat_interleave(5)


def test_the_last_fit_starts_from_the_chosen_weights():
    case = five_copies()
    result = logistic_accuracy(*case, *case, strengths=(1e-2, 1e-4))
    assert result.strength == 1e-2
    assert result.iterations == 0


def test_every_fit_has_to_converge():
    case = five_copies()
    options = dict(strengths=(1e-4,))
    few = logistic_accuracy(*case, *case, max_iterations=10, **options)
    assert 0 < few.iterations < 10
    assert not few.converged
    single = torch.eye(6), torch.arange(6)
    options = dict(tolerance=1e-9, fixed_strength=1e-6)
    few = logistic_accuracy(*single, *single, max_iterations=1, **options)
    assert not few.converged
    assert logistic_accuracy(*single, *single, **options).converged


def test_more_iterations_than_the_default_change_nothing():
    features, labels = clouds(300, noise=1.5)
    queries, truth = clouds(100, noise=1.5)
    options = dict(strengths=(1e-4,))
    case = features.float(), labels, queries.float(), truth
    loose = logistic_accuracy(*case, **options)
    tight = logistic_accuracy(*case, tolerance=1e-5, **options)
    assert loose.converged
    assert loose.iterations < tight.iterations
    assert loose.top1 == pytest.approx(tight.top1, abs=1)


def rejects(match, **changes):
    case = {
        'features': torch.randn(8, 3),
        'labels': torch.arange(8) % 2,
        'queries': torch.randn(4, 3),
        'query_labels': torch.arange(4) % 2,
    }
    with pytest.raises(ValueError, match=match):
        logistic_accuracy(**(case | changes))


def test_rejects_unusable_arguments():
    rejects(r'\(8, 3\) and \(4, 2\)', queries=torch.randn(4, 2))
    rejects(r'\(8,\) and \(4, 3\)', features=torch.randn(8))
    rejects('training labels must be one per row', labels=torch.arange(7))
    rejects('query labels must be integers', query_labels=torch.rand(4))
    rejects(
        'at least one query sample',
        queries=torch.zeros(0, 3),
        query_labels=torch.zeros(0, dtype=torch.long),
    )
    rejects(r'two or more classes, got \[1\]', labels=torch.ones(8).long())
    broken = torch.randn(8, 3)
    broken[5, 1] = float('nan')
    rejects(r'training features must be finite.* \[5\]', features=broken)
    rejects('query features must be finite', queries=broken[4:])
    rejects('strengths must be positive, got 0.1, 0', strengths=(0.1, 0))
    rejects('strengths must be positive', strengths=())
    rejects('fixed_strength must be positive, got -1', fixed_strength=-1)
    rejects('tolerance must be positive, got nan', tolerance=float('nan'))
    rejects('chunk_size must be positive, got 0', chunk_size=0)
    rejects('max_iterations must be positive, got 0', max_iterations=0)
