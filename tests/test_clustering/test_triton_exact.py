"""Labels of float32 on a real GPU; interpreted_exact.py needs none."""

import warnings

import pytest
import torch

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.clustering.searched_share import SearchedShare
from hirl_mm.clustering.triton_assignment import assign_triton
from hirl_mm.clustering.triton_exact import GroupSearch, assign_exact
from hirl_mm.stack import StackError
from tests.test_clustering.hard_rows import HARD, plain

on_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason='there is no GPU'
)


def test_a_cpu_is_told_what_serves_it():
    with pytest.raises(StackError, match="on cpu; use backend='torch'"):
        assign_exact(torch.zeros(2, 3), torch.zeros(900, 3))


def test_no_centroids_are_an_error():
    with pytest.raises(ValueError, match='at least one row'):
        assign_exact(torch.zeros(2, 3), torch.zeros(0, 3))


@on_gpu
@pytest.mark.parametrize('data', HARD, ids=lambda data: data.__name__)
@pytest.mark.parametrize(
    ('num_clusters', 'dim'),
    [(3000, 17), (3000, 128), (1000, 256), (1500, 300), (1300, 2048)],
)
def test_labels_on_a_gpu_are_those_of_float32(num_clusters, dim, data):
    features, centroids = (t.cuda() for t in data(5000, num_clusters, dim))
    found = assign_exact(features, centroids)
    expected = assign_triton(features, centroids, 'fp32')
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a, b)
    again = assign_exact(features, centroids)
    assert torch.equal(found[0], again[0])


@on_gpu
@pytest.mark.parametrize('data', HARD[:6], ids=lambda data: data.__name__)
@pytest.mark.parametrize('dim', [17, 64, 128, 256, 300, 2048])
def test_tensor_cores_keep_to_the_bounds(dim, data):
    features, centroids = (t.cuda() for t in data(640, 1024, dim))
    search = GroupSearch(centroids)
    lower, upper = search.bounds(*search.prepared(features))
    lower, upper = lower.T.double(), upper.amin(0).double()
    x = (features - search.mean).double() * search.scale
    c = (centroids - search.mean).double() * search.scale
    nearest = torch.cdist(x, c).square().view(640, -1, search.group_size)
    nearest = nearest.amin(2)
    assert (lower <= nearest).all() and (upper >= nearest.amin(1)).all()


@on_gpu
def test_unit_rows_take_little_float32():
    features = torch.nn.functional.normalize(plain(50_000, 1, 128)[0])
    searched = SearchedShare()
    assign_exact(features.cuda(), features[:10_000].cuda(), searched)
    assert searched.share < 1.2 * 128 / 10_000


@on_gpu
def test_the_host_does_not_wait():
    features, centroids = (t.cuda() for t in plain(5000, 2000, 128))
    assign_exact(features, centroids)  # compiles
    torch.cuda.set_sync_debug_mode('error')
    try:
        assign_exact(features, centroids, SearchedShare())
    finally:
        torch.cuda.set_sync_debug_mode('default')


@on_gpu
def test_the_host_waits_once_per_iteration():
    features = plain(20_000, 1, 64)[0].cuda()
    waits = {}
    for num_iters in (2, 3, 7):
        torch.cuda.set_sync_debug_mode('warn')
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                kmeans(features, 1000, num_iters=num_iters)
        finally:
            torch.cuda.set_sync_debug_mode('default')
        waits[num_iters] = len(caught)
    assert waits[7] - waits[3] == 4


@on_gpu
def test_trees_on_a_gpu_repeat_to_the_bit():
    features = plain(20_000, 1, 64)[0].cuda()
    first, second = (
        hierarchical_kmeans(features, (2000, 700, 50), num_restarts=2)
        for _ in range(2)
    )
    assert torch.equal(first.leaf, second.leaf)
    for a, b in zip(first.centroids, second.centroids, strict=True):
        assert torch.equal(a, b)
