import math

import pytest
import torch
import torch.nn.functional as F

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from tests.trees import blobs

BACKENDS = ['torch', 'faiss']


def on_circle(degrees):
    angle = torch.tensor(degrees, dtype=torch.float32) * math.pi / 180
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def degrees_of(points):
    angle = torch.atan2(points[:, 1], points[:, 0]) * 180 / math.pi
    return sorted(round(a, 3) % 360 for a in angle.tolist())


@pytest.mark.parametrize('backend', BACKENDS)
def test_six_points_on_a_circle(backend):
    x = on_circle([0, 10, 90, 100, 200, 210])
    tree = hierarchical_kmeans(x, (3, 2), backend=backend)
    assert degrees_of(tree.centroids[0]) == [5, 95, 205]
    assert degrees_of(tree.centroids[1]) == [50, 205]
    assert tree.objective[1] == pytest.approx(1.0, abs=1e-5)
    for centroids in tree.centroids:
        norms = centroids.norm(dim=1)
        torch.testing.assert_close(norms, torch.ones_like(norms))
    paths = tree.sample_paths(torch.arange(6))
    assert torch.equal(paths[::2], paths[1::2])
    assert torch.equal(paths[0, 1], paths[2, 1])
    assert paths[0, 1] != paths[4, 1]


def test_restarts_avoid_the_bad_merge():
    """A single start can merge 95 with 205 degrees, objective 1.342."""
    level_one = on_circle([5, 95, 205])
    objectives = {round(kmeans(level_one, 2, seed=s)[2], 3) for s in range(20)}
    assert objectives >= {1.0, 1.342}
    best = {kmeans(level_one, 2, num_restarts=8, seed=s)[2] for s in range(5)}
    assert max(best) == pytest.approx(1.0, abs=1e-5)


def test_order_of_the_images_does_not_change_the_partition():
    x = blobs(300, 16, num_blobs=5, spread=0.02)
    order = torch.randperm(300)
    straight = hierarchical_kmeans(x, (5, 2), num_restarts=60)
    shuffled = hierarchical_kmeans(x[order], (5, 2), num_restarts=60)
    for level in range(2):
        a = straight.sample_paths(order)[:, level]
        b = shuffled.sample_paths(torch.arange(300))[:, level]
        assert len(torch.stack([a, b]).unique(dim=1).T) == len(a.unique())


def test_every_level_clusters_the_normalised_one_below():
    x = 7 * blobs(400, 8, num_blobs=20, spread=0.3)
    tree = hierarchical_kmeans(x, (30, 10, 3), num_restarts=2, seed=5)
    rows, below = F.normalize(x, dim=1), None
    for level, num in enumerate(tree.num_prototypes):
        means, labels, objective = kmeans(
            rows, num, num_restarts=2, seed=5 + level
        )
        torch.testing.assert_close(
            tree.centroids[level], F.normalize(means, dim=1)
        )
        assert tree.objective[level] == pytest.approx(objective)
        found = tree.leaf if below is None else tree.parents[below]
        assert torch.equal(found, labels)
        rows, below = tree.centroids[level], level


def test_scale_of_the_features_does_not_matter():
    x = blobs(200, 8, num_blobs=20, spread=0.3)
    scale = torch.rand(200, 1) + 0.5
    plain = hierarchical_kmeans(x, (20, 5))
    scaled = hierarchical_kmeans(x * scale, (20, 5))
    assert torch.equal(plain.leaf, scaled.leaf)


@pytest.mark.parametrize(
    ('nums', 'message'),
    [
        ((10, 10), r'strictly decrease .*\(10, 10\)'),
        ((10, 20), r'strictly decrease .*\(10, 20\)'),
        ((10, 0), 'positive'),
        ((), 'one per level'),
        ((10, 2.5), 'whole numbers'),
        ((300, 10), '300 clusters of 200 images; use at most 200'),
    ],
)
def test_numbers_that_make_no_tree(nums, message):
    with pytest.raises(ValueError, match=message):
        hierarchical_kmeans(torch.randn(200, 4), nums)
