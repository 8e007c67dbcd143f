import pytest
import torch
import torch.nn.functional as F

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from tests.trees import blobs, random_tree, tree_of

NUMS = (30, 10, 3)


def features(drift=0.0):
    x = blobs(600, 8, num_blobs=30, spread=0.3)
    generator = torch.Generator().manual_seed(9)
    noise = torch.randn(x.shape, generator=generator)
    return F.normalize(x + drift * noise, dim=1)


def test_every_level_begins_at_the_prototypes_of_the_tree():
    start = hierarchical_kmeans(features(), NUMS, num_restarts=2)
    x = features(drift=0.1)
    tree = hierarchical_kmeans(x, NUMS, num_iters=3, start=start)
    rows = F.normalize(x, dim=1)
    for level, num in enumerate(NUMS):
        means, labels, objective = kmeans(
            rows, num, init=start.centroids[level], num_iters=3, seed=level
        )
        rows = F.normalize(means, dim=1)
        torch.testing.assert_close(tree.centroids[level], rows)
        assert tree.objective[level] == pytest.approx(objective)
        found = tree.parents[level - 1] if level else tree.leaf
        assert torch.equal(found, labels)


def test_names_of_prototypes_last():
    start = hierarchical_kmeans(features(), NUMS, num_restarts=2)
    x = features(drift=0.05)
    warm = hierarchical_kmeans(x, NUMS, num_iters=3, start=start)
    cold = hierarchical_kmeans(x, NUMS, num_restarts=2, seed=1)
    kept = (warm.leaf == start.leaf).float().mean()
    assert kept > 0.8 > (cold.leaf == start.leaf).float().mean()


@pytest.mark.parametrize('nums', [(40, 12, 5), (20, 5, 2), (40, 5, 4)])
def test_other_numbers_of_prototypes(nums):
    start = hierarchical_kmeans(features(), NUMS, num_restarts=2)
    x = features(drift=0.05)
    tree = hierarchical_kmeans(x, nums, start=start)
    assert tree.num_prototypes == nums
    assert all(level['empty'] == 0 for level in tree.summary())
    cold = hierarchical_kmeans(x, nums, num_restarts=1)
    assert tree.objective[0] < 1.1 * cold.objective[0]


def test_the_most_populous_prototypes_stay():
    centroids = torch.eye(4)
    start = tree_of([3, 3, 3, 1, 1, 0, 2, 2, 2, 2])
    object.__setattr__(start, 'centroids', (centroids,))
    x = centroids[[3, 3, 3, 1, 1, 0, 2, 2, 2, 2]]
    tree = hierarchical_kmeans(x, (2,), num_iters=1, start=start)
    kept = {int(row.argmax()) for row in tree.centroids[0]}
    assert kept == {2, 3}


def test_missing_prototypes_are_rows():
    start = random_tree((2,), dim=8, num_samples=600)
    x = features()
    tree = hierarchical_kmeans(x, (30,), num_iters=25, start=start)
    cold = hierarchical_kmeans(x, (30,), num_iters=25, num_restarts=1)
    assert tree.objective[0] == pytest.approx(cold.objective[0], rel=0.15)
    again = hierarchical_kmeans(x, (30,), num_iters=25, start=start)
    assert torch.equal(tree.leaf, again.leaf)


@pytest.mark.parametrize(('nums', 'dim'), [((30, 10), 8), ((30, 10, 3), 4)])
def test_a_tree_that_cannot_be_the_start(nums, dim):
    start = random_tree(NUMS, dim=dim)
    message = f'{dim} dimensions cannot .* of a tree of {len(nums)} levels'
    with pytest.raises(ValueError, match=message):
        hierarchical_kmeans(features(), nums, start=start)


@pytest.mark.parametrize(
    'options',
    [{}, dict(tol=0.1), dict(precision='bf16'), dict(num_iters=2)],
    ids=str,
)
def test_options_reach_every_level(options):
    x = features(drift=0.5)
    tree = hierarchical_kmeans(x, NUMS, num_restarts=(1, 4, 2), **options)
    rows = F.normalize(x, dim=1)
    plain = []
    for level, restarts in enumerate((1, 4, 2)):
        args = dict(num_restarts=restarts, seed=level)
        means, _, objective = kmeans(rows, NUMS[level], **args, **options)
        assert tree.objective[level] == pytest.approx(objective, rel=1e-6)
        plain.append(kmeans(rows, NUMS[level], **args)[2])
        rows = F.normalize(means, dim=1)
    without = plain == pytest.approx(tree.objective, rel=1e-6)
    assert without == (not options), 'the option must matter'


@pytest.mark.parametrize('restarts', [0, (1, 5), (1, 5, 0), ()])
def test_restarts_that_fit_no_levels(restarts):
    with pytest.raises(ValueError, match='num_restarts .* of the 3 levels'):
        hierarchical_kmeans(features(), NUMS, num_restarts=restarts)
