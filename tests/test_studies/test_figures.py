"""Figures of features, against counts and rules that are written out."""

import numpy as np
import pytest
import torch
from sklearn.metrics import normalized_mutual_info_score

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.evaluation.frozen_protocols import FrozenData, Taxonomy
from hirl_mm.evaluation.functional import cluster_purity
from hirl_mm.studies.arm_figures import measure_arm
from hirl_mm.studies.grid.figures import feature_figures

TAXONOMY = Taxonomy(['fine', 'coarse'], [np.arange(4), np.array([0, 0, 1, 1])])


def data_of(noise, num=40, seed=0):
    """Four classes in the plane, two near each other and two others."""
    generator = torch.Generator().manual_seed(seed)
    angles = torch.tensor([0.0, 0.5, 3.0, 3.5])

    def draw(num):
        labels = torch.arange(num) % 4
        shift = noise * torch.randn(num, generator=generator)
        angle = angles[labels] + shift
        return torch.stack([angle.cos(), angle.sin()], dim=1), labels

    return FrozenData(*draw(num), *draw(num), num_classes=4)


def naive_knn(data, table, k):
    """Accuracy of the classes of a level, neighbour by neighbour."""
    right = 0
    for query, label in zip(data.val, data.val_labels, strict=True):
        similarity = data.train @ query
        votes = np.zeros(4)
        for index in similarity.argsort(descending=True)[:k]:
            weight = np.exp(float(similarity[index]) / 0.07)
            votes[table[data.train_labels[index]]] += weight
        right += votes.argmax() == table[label]
    return 100 * right / len(data.val)


def test_classes_far_apart():
    figures = feature_figures(data_of(0.01), TAXONOMY, 0, (3, 20), 8)
    assert figures == dict.fromkeys(figures, 100.0)
    assert list(figures) == [
        *('kNN k=3, fine', 'kNN k=3, coarse'),
        *('kNN k=20, fine', 'kNN k=20, coarse'),
        *('NMI, fine', 'NMI, coarse', 'purity, fine', 'purity, coarse'),
        *('8 labels', 'linear'),
    ]


def test_neighbours_vote_on_every_level():
    data = data_of(0.6)
    figures = feature_figures(data, TAXONOMY, 0, (5,), 8)
    found = [figures[f'kNN k=5, {level}'] for level in TAXONOMY.levels]
    expected = [naive_knn(data, table, 5) for table in TAXONOMY.tables]
    assert found == pytest.approx(expected)
    assert 30 < found[0] < found[1] < 100


def test_few_labels_are_those_of_the_seed():
    """The features of two arms are paired: the same images have labels."""
    data = data_of(0.3, num=80)
    found = [
        feature_figures(data, TAXONOMY, seed, (5,), 8)['8 labels']
        for seed in (0, 0, 1, 2, 3)
    ]
    assert found[0] == found[1]
    assert len(set(found)) > 1
    assert max(found) <= feature_figures(data, TAXONOMY, 0, (5,))['linear'] + 5


def test_what_the_images_are_too_few_for():
    data = data_of(0.01, num=40)
    figures = feature_figures(data, TAXONOMY, 0, (5, 41), 40)
    assert not {'kNN k=41, fine', '40 labels'} & set(figures)
    assert 'linear' in figures


def test_purity_of_clusters():
    labels, clusters = [0, 0, 0, 1, 1, 2], [4, 4, 7, 7, 7, 7]
    # Cluster 4 has two of class 0, cluster 7 two of class 1 at most.
    assert cluster_purity(labels, clusters) == pytest.approx(100 * 4 / 6)
    assert cluster_purity(clusters, labels) == pytest.approx(100 * 5 / 6)
    with pytest.raises(ValueError, match='same length'):
        cluster_purity([0, 1], [0])


def test_clusters_are_as_many_as_the_classes_of_a_level():
    data = data_of(0.25, num=80)
    figures = feature_figures(data, TAXONOMY, 0, (5,), 8)
    halves = (data.train[:, 0] < 0).long()
    coarse = TAXONOMY.tables[1][data.train_labels]
    expected = 100 * normalized_mutual_info_score(coarse, halves)
    assert figures['NMI, coarse'] == pytest.approx(expected, abs=8)
    assert figures['NMI, fine'] < figures['NMI, coarse']
    assert figures['purity, fine'] < figures['purity, coarse']


def test_purity_of_a_tree_on_every_level():
    data = data_of(0.9, num=80)
    figures = feature_figures(data, TAXONOMY, 3, (5,), 8, [8, 3])
    tree = hierarchical_kmeans(data.train, [8, 3], seed=3)
    paths = tree.paths(tree.leaf)
    expected = {
        f'purity K={num}, {level}': cluster_purity(
            torch.from_numpy(table)[data.train_labels], paths[:, i]
        )
        for i, num in enumerate((8, 3))
        for level, table in zip(TAXONOMY.levels, TAXONOMY.tables, strict=True)
    }
    found = {name: figures[name] for name in figures if ' K=' in name}
    assert found == pytest.approx(expected)
    assert len(set(found.values())) == 4
    too_many = feature_figures(data, TAXONOMY, 3, (5,), 8, [81, 3])
    assert not any(' K=' in name for name in too_many)


def test_figures_are_those_of_the_report_of_the_demo():
    """Tables that were made with one can be compared with the other."""
    data = data_of(0.5, num=120)
    parts = data.train, data.train_labels, data.val, data.val_labels
    arm = measure_arm(*parts, [8, 3], seed=1)
    figures = feature_figures(data, TAXONOMY, 1, (10, 20, 100), 8, [8, 3])
    names = ['kNN k=10', 'kNN k=20', 'kNN k=100', 'NMI']
    for name in *names, 'purity K=8', 'purity K=3':
        assert figures[f'{name}, fine'] == arm[name]
