import itertools
import math

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import clustering_scores


def naive_accuracy(labels, clusters):
    """The best of all one-to-one maps from clusters to classes."""
    names, classes = sorted(set(clusters)), sorted(set(labels))
    classes += [None] * max(0, len(names) - len(classes))
    best = 0
    for chosen in itertools.permutations(classes, len(names)):
        of = dict(zip(names, chosen, strict=True))
        hits = sum(of[c] == y for c, y in zip(clusters, labels, strict=True))
        best = max(best, hits)
    return 100 * best / len(labels)


def entropy(values):
    shares = [values.count(v) / len(values) for v in set(values)]
    return -sum(p * math.log(p) for p in shares)


def naive_nmi(labels, clusters):
    joint = entropy(list(zip(labels, clusters, strict=True)))
    mutual = entropy(labels) + entropy(clusters) - joint
    return 100 * mutual / ((entropy(labels) + entropy(clusters)) / 2)


def naive_ari(labels, clusters):
    both = same_label = same_cluster = pairs = 0
    for i, j in itertools.combinations(range(len(labels)), 2):
        label, cluster = labels[i] == labels[j], clusters[i] == clusters[j]
        both += label and cluster
        same_label += label
        same_cluster += cluster
        pairs += 1
    chance = same_label * same_cluster / pairs
    return 100 * (both - chance) / ((same_label + same_cluster) / 2 - chance)


def naive_ami(labels, clusters):
    """Chance level from the mean over all orders of the labels."""
    joints = [
        entropy(list(zip(order, clusters, strict=True)))
        for order in itertools.permutations(labels)
    ]
    single = entropy(labels) + entropy(clusters)
    mutual = single - entropy(list(zip(labels, clusters, strict=True)))
    chance = single - sum(joints) / len(joints)
    return 100 * (mutual - chance) / (single / 2 - chance)


@pytest.mark.parametrize('num_clusters', [2, 3, 5])
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_naive_scores(num_clusters, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=30)
    clusters = np.where(
        rng.random(30) < 0.6,
        labels % num_clusters,
        rng.integers(num_clusters, size=30),
    )
    scores = clustering_scores(labels, clusters + 4)
    labels, clusters = labels.tolist(), clusters.tolist()
    assert scores['acc'] == pytest.approx(naive_accuracy(labels, clusters))
    assert scores['nmi'] == pytest.approx(naive_nmi(labels, clusters))
    assert scores['ari'] == pytest.approx(naive_ari(labels, clusters))


def test_ami_equals_the_score_over_all_permutations():
    labels, clusters = [0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 0, 2]
    scores = clustering_scores(labels, clusters)
    assert scores['ami'] == pytest.approx(naive_ami(labels, clusters))


def test_hand_made_case():
    # cluster 1 gets class 0 (2 hits), cluster 0 class 1 (2); 2 is left over
    scores = clustering_scores([0, 0, 0, 1, 1, 1], [1, 1, 2, 0, 0, 1])
    assert scores['acc'] == pytest.approx(100 * 4 / 6)


def test_perfect_clustering_under_other_names_scores_100():
    labels = torch.tensor([2, 2, 0, 0, 1])
    scores = clustering_scores(labels, torch.tensor([7, 7, 9, 9, 4]))
    assert list(scores) == ['acc', 'nmi', 'ami', 'ari']
    assert list(scores.values()) == pytest.approx([100] * 4)


def test_one_cluster_for_all_is_at_chance():
    scores = clustering_scores([0, 1, 0, 1], [5, 5, 5, 5])
    assert scores == pytest.approx({'acc': 50, 'nmi': 0, 'ami': 0, 'ari': 0})


def test_is_invariant_to_row_order():
    rng = np.random.default_rng(0)
    labels, clusters = rng.integers(4, size=(2, 60))
    order = rng.permutation(60)
    found = clustering_scores(labels[order], clusters[order])
    assert found == pytest.approx(clustering_scores(labels, clusters))


@pytest.mark.parametrize(
    ('labels', 'clusters', 'match'),
    [
        ([0, 1], [0, 1, 2], 'same length, got 2 and 3'),
        (np.zeros(0, int), np.zeros(0, int), r'labels must be .* \(0,\)'),
        ([0, 1], [[0, 1]], r'clusters must be a vector .* \(1, 2\)'),
        ([0, 1], [0.5, 1.0], 'clusters must be integers, got float64'),
    ],
)
def test_rejects(labels, clusters, match):
    with pytest.raises(ValueError, match=match):
        clustering_scores(labels, clusters)
