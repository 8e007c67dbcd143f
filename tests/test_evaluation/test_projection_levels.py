"""Distances between projections, beside loops over pairs in float64."""

import math

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import (
    ClassSums,
    class_distances,
    view_distances,
)


def distance(a, b):
    a, b = (np.asarray(x, dtype=np.float64) for x in (a, b))
    return 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def naive_classes(features, labels, num):
    """Mean distance of all pairs within and between classes."""
    pairs = {kind: [[] for _ in range(num)] for kind in ('within', 'between')}
    for i, first in enumerate(features.tolist()):
        for j, second in enumerate(features.tolist()):
            if i != j:
                kind = 'within' if labels[i] == labels[j] else 'between'
                pairs[kind][labels[i]].append(distance(first, second))
    return [
        torch.tensor([np.mean(p) if p else math.nan for p in pairs[kind]])
        for kind in ('within', 'between')
    ]


def classified(num=40, dim=6, num_classes=5):
    labels = torch.randint(num_classes, (num,))
    return torch.randn(num, dim) + 2 * torch.eye(dim)[labels], labels


def test_views_are_those_of_a_loop():
    first, second = torch.randn(2, 3, 7, 6).unbind()
    found = view_distances(first.unbind(), second.unbind())
    assert found.shape == (7, 3, 3)
    for k in range(7):
        for i in range(3):
            for j in range(3):
                expected = distance(first[i, k], second[j, k])
                assert found[k, i, j].item() == pytest.approx(
                    expected, abs=1e-6
                )


def test_views_by_hand():
    """cos of (3, 4) with (1, 0), (0, 2) and (-6, -8): 0.6, 0.8 and -1."""
    first = [torch.tensor([[3.0, 4.0]] * 3)]
    second = [torch.tensor([[1.0, 0.0], [0.0, 2.0], [-6.0, -8.0]])]
    found = view_distances(first, second).flatten()
    torch.testing.assert_close(found, torch.tensor([0.4, 0.2, 2.0]))
    torch.testing.assert_close(
        view_distances([100 * first[0]], second).flatten(), found
    )


def test_equal_views_and_zero_vectors():
    level = torch.randn(50, 2048)
    assert view_distances([level], [level]).abs().max() < 1e-6
    assert view_distances([level], [level]).min() >= 0
    zero = torch.zeros(50, 2048)
    assert (view_distances([level], [zero]) == 1).all()


def test_half_precision_is_compared_in_float32():
    level, other = torch.randn(2, 20, 64).unbind()
    found = view_distances([level.half()], [other.half()])
    expected = view_distances([level.half().float()], [other.half().float()])
    assert found.dtype == torch.float32 and torch.equal(found, expected)


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ([], []),
        ([(4, 2)], [(4, 2), (4, 2)]),
        ([(4, 2)], [(4, 3)]),
        ([(4, 2), (4, 3)], [(4, 2), (4, 3)]),
        ([(4,)], [(4,)]),
    ],
)
def test_views_of_other_shapes(first, second):
    levels = [[torch.zeros(s) for s in shapes] for shapes in (first, second)]
    with pytest.raises(ValueError, match='as many levels, one or more'):
        view_distances(*levels)


def test_classes_are_those_of_all_pairs():
    features, labels = classified()
    found = class_distances(ClassSums.of(features, labels, 5))
    for values, expected in zip(
        found, naive_classes(features, labels, 5), strict=True
    ):
        torch.testing.assert_close(
            values, expected.double(), atol=1e-7, rtol=0
        )
    assert (found.within < found.between).all()


def test_length_of_features_does_not_matter():
    features, labels = classified()
    scaled = features * torch.rand(len(features), 1).add(0.1)
    found, other = (
        class_distances(ClassSums.of(f, labels, 5)) for f in (features, scaled)
    )
    torch.testing.assert_close(found, other)


def test_sums_of_batches_add_up():
    features, labels = classified()
    whole = ClassSums.of(features, labels, 5)
    parts = [
        ClassSums.of(f, n, 5)
        for f, n in zip(features.split(9), labels.split(9), strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    torch.testing.assert_close(total.vectors, whole.vectors)
    torch.testing.assert_close(total.squares, whole.squares)
    assert torch.equal(total.counts, whole.counts)


def test_classes_without_pairs():
    """One sample, none, and all of one class: nothing to compare."""
    features = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.3, 0.7]])
    found = class_distances(ClassSums.of(features, torch.tensor([0, 0, 2]), 3))
    assert found.within[0].item() == pytest.approx(1 - math.sqrt(0.5))
    assert found.within.isnan().tolist() == [False, True, True]
    assert found.between.isnan().tolist() == [False, True, False]
    alone = class_distances(ClassSums.of(features, torch.zeros(3).long(), 1))
    assert alone.between.isnan().all() and not alone.within.isnan().any()


def test_rounding_makes_no_pairs():
    """The sums of a single vector need not cancel to the last bit."""
    sums = ClassSums(
        torch.tensor([[1.0, 0.0]]).double(),
        torch.tensor([1 - 1e-15], dtype=torch.float64),
        torch.tensor([1]),
    )
    assert class_distances(sums).within.isnan().all()


def test_zero_vectors_are_at_distance_one():
    features = torch.tensor([[1.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    sums = ClassSums.of(features, torch.tensor([0, 0, 1]), 2)
    found = class_distances(sums)
    assert found.within[0].item() == 1
    assert found.between.tolist() == [0.5, 0.5]


@pytest.mark.parametrize('label', [-1, 5])
def test_label_that_is_no_class(label):
    features, labels = classified()
    labels[3] = label
    with pytest.raises(ValueError, match='labels must be classes 0 to 4'):
        ClassSums.of(features, labels, 5)
