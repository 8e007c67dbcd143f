"""Protocols on features whose figures are known."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hirl_mm.evaluation.frozen_protocols import (
    FrozenData,
    Taxonomy,
    evaluate_clustering,
    evaluate_knn,
    evaluate_logistic,
    evaluate_tree,
)
from hirl_mm.structures import PrototypeTree

# Two groups far apart, of two classes each.
CENTERS = torch.tensor(
    [[1.0, 0.2, 0], [1.0, -0.2, 0], [-1.0, 0, 0.2], [-1.0, 0, -0.2]]
)
TAXONOMY = Taxonomy(['class', 'group'], [np.arange(4), np.array([0, 0, 1, 1])])


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 4
    noise = 0.02 * torch.randn(160, 3, generator=generator)
    features = CENTERS[torch.cat([labels, labels])] + noise
    return FrozenData(features[:80], labels, features[80:], labels.clone(), 4)


def mislabelled(data, wrong):
    """Validation labels of which some are others, by index."""
    labels = data.val_labels.clone()
    for index, label in wrong.items():
        labels[index] = label
    return FrozenData(
        data.train, data.train_labels, data.val, labels, data.num_classes
    )


def test_mistakes_by_level(data):
    # Image 0 is of class 0: called 1 once, a class of its group, then 2.
    near, _ = evaluate_knn(mislabelled(data, {0: 1}), (5,), TAXONOMY)
    far, _ = evaluate_knn(mislabelled(data, {0: 2}), (5,), TAXONOMY)
    assert near['kNN'] == far['kNN'] == {'k=5': 98.75, 'best k': 98.75}
    assert near['kNN by level'] == {'class': 98.75, 'group': 100}
    assert far['kNN by level'] == {'class': 98.75, 'group': 98.75}
    assert near['tree distance'] == {'of mistakes': 1, 'of all': 1 / 80}
    assert far['tree distance'] == {'of mistakes': 2, 'of all': 2 / 80}


def test_levels_are_those_of_the_best_k(data):
    # A few wrong labels mislead a single neighbour, not twelve.
    data.train_labels[:8] = (data.train_labels[:8] + 1) % 4
    results, facts = evaluate_knn(data, (1, 12), TAXONOMY)
    figures = results['kNN']
    assert figures['k=1'] < figures['k=12'] == figures['best k'] == 100
    assert facts['best_k'] == 12
    assert results['kNN by level'] == {'class': 100, 'group': 100}
    assert results['tree distance']['of mistakes'] == 0
    assert list(evaluate_knn(data, (3,))[0]) == ['kNN']


def test_a_level_has_clusters_of_its_own(data):
    results, _ = evaluate_clustering(data, taxonomy=TAXONOMY)
    assert results['clustering'] == pytest.approx(
        dict(acc=100, NMI=100, AMI=100, ARI=100)
    )
    # Four clusters would leave half of each group unmatched.
    assert results['clustering by level'] == {'class': 100, 'group': 100}
    assert list(evaluate_clustering(data)[0]) == ['clustering']


def test_logistic_regression_sees_its_share_alone(data):
    few = torch.tensor([0, 1, 2, 3, 4, 5, 6, 7])
    half = torch.arange(80)[data.train_labels < 2]
    shares = dict(few=few, half=half)
    results, facts = evaluate_logistic(data, shares)
    assert results['logistic'] == {'few': 100, 'half': 50}
    assert facts['half']['num_images'] == 40


def test_tree_against_the_taxonomy(data):
    leaf = data.train_labels.clone()
    leaf[:8] = 0  # two of each class
    tree = PrototypeTree(
        centroids=[F.normalize(CENTERS), F.normalize(CENTERS[::2])],
        parents=[torch.tensor([0, 0, 1, 1])],
        leaf=leaf,
    )
    results, facts = evaluate_tree(tree, data.train_labels, TAXONOMY, 'mine')
    figures = results['mine']
    assert figures['K=4, purity of class'] == pytest.approx(100 * 74 / 80)
    assert figures['K=4, purity of group'] == pytest.approx(100 * 76 / 80)
    assert figures['K=2, purity of group'] == pytest.approx(100 * 76 / 80)
    assert figures['K=2, purity of class'] == pytest.approx(100 * 38 / 80)
    assert len(figures) == 8 and facts['num_prototypes'] == [4, 2]
    assert figures['K=2, NMI of group'] > figures['K=2, NMI of class']


def few(data, num_train, num_val):
    """The first training and validation images."""
    return FrozenData(
        data.train[:num_train],
        data.train_labels[:num_train],
        data.val[:num_val],
        data.val_labels[:num_val],
        data.num_classes,
    )


def test_more_neighbours_than_images_are_left_out(data):
    whole, _ = evaluate_knn(few(data, 12, 80), (5, 12))
    results, facts = evaluate_knn(few(data, 12, 80), (5, 12, 13, 200))
    assert results == whole and facts['best_k'] in (5, 12)
    reason = 'there are 12 images'
    assert facts['left_out'] == {'kNN': {'k=13': reason, 'k=200': reason}}
    results, facts = evaluate_knn(few(data, 4, 80), (5, 10), TAXONOMY)
    assert results == {} and list(facts['left_out']['kNN']) == ['k=5', 'k=10']


def test_subsets_of_one_class_are_left_out(data):
    subsets = {
        '1%': torch.tensor([], dtype=torch.long),
        'one': torch.tensor([0, 4]),
        'two': torch.tensor([0, 1, 4, 5]),
    }
    results, facts = evaluate_logistic(data, subsets)
    assert list(results['logistic']) == ['two'] and 'two' in facts
    left_out = facts['left_out']['logistic']
    assert left_out['1%'].startswith('0 labelled images of 0 classes')
    assert left_out['one'].startswith('2 labelled images of 1 classes')


def test_as_many_clusters_as_images_are_left_out(data):
    results, facts = evaluate_clustering(few(data, 80, 4), taxonomy=TAXONOMY)
    assert list(results) == ['clustering by level']
    assert results['clustering by level'] == {'group': 100}
    reason = '4 clusters of 4 images'
    assert facts['left_out'] == {
        'clustering': dict.fromkeys(['acc', 'NMI', 'AMI', 'ARI'], reason),
        'clustering by level': {'class': reason},
    }
    results, facts = evaluate_clustering(few(data, 80, 3))
    assert results == {} and 'clustering' in facts['left_out']
    assert 'left_out' not in evaluate_clustering(data, taxonomy=TAXONOMY)[1]
