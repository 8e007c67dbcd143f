import pytest
import torch

from hirl_mm.studies.arm_figures import measure_arm
from tests.trees import blobs


def labelled(seed):
    centers = torch.eye(8)[:4]
    labels = torch.arange(200) % 4
    generator = torch.Generator().manual_seed(seed)
    noise = 0.05 * torch.randn(200, 8, generator=generator)
    return centers[labels] + noise, labels


def test_separable_classes_get_full_marks():
    figures = measure_arm(*labelled(0), *labelled(1), (12, 4))
    assert list(figures) == [
        *('kNN k=10', 'kNN k=20', 'kNN k=100'),
        *('cluster acc', 'NMI', 'purity K=12', 'purity K=4'),
    ]
    assert all(value == pytest.approx(100) for value in figures.values())


def test_features_without_classes_are_near_chance():
    labels = torch.arange(200) % 4
    gallery, queries = blobs(200, 8, 200, seed=0), blobs(200, 8, 200, seed=1)
    figures = measure_arm(gallery, labels, queries, labels, (12, 4))
    assert figures['kNN k=20'] < 45
    assert figures['cluster acc'] < 45
    assert figures['NMI'] < 15
    assert figures['purity K=4'] < 45


def test_what_a_small_gallery_does_not_allow():
    gallery, labels = labelled(0)
    figures = measure_arm(gallery[:15], labels[:15], *labelled(1), (20, 4))
    given = [name for name, value in figures.items() if value == value]
    assert given == ['kNN k=10', 'cluster acc', 'NMI']
    figures = measure_arm(gallery[:4], labels[:4], *labelled(1), (3, 2))
    given = [name for name, value in figures.items() if value == value]
    assert given == ['purity K=3', 'purity K=2']
