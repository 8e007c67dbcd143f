import math
import sys

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from torch.profiler import ProfilerActivity, profile

from hirl_mm.clustering import kmeans
from hirl_mm.clustering.empty_clusters import split_into_empty
from hirl_mm.clustering.torch_assignment import assign_torch
from hirl_mm.stack import StackError
from tests.dispatched import WAITING
from tests.trees import blobs

BACKENDS = ['torch', 'faiss']


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize(('num', 'k', 'dim'), [(400, 7, 16), (900, 60, 5)])
def test_equals_scikit_learn_from_equal_starts(backend, num, k, dim):
    x = blobs(num, dim, num_blobs=k, spread=0.3)
    init = x[torch.randperm(num)[:k]]
    centroids, labels, objective = kmeans(
        x, k, init=init, num_iters=10, backend=backend
    )
    peer = KMeans(
        k,
        init=init.numpy(),
        n_init=1,
        max_iter=10,
        tol=0,
        algorithm='lloyd',
    ).fit(x.numpy())
    assert objective == pytest.approx(peer.inertia_, rel=1e-4)
    torch.testing.assert_close(
        centroids,
        torch.from_numpy(peer.cluster_centers_).float(),
        atol=1e-4,
        rtol=1e-3,
    )
    assert (labels.numpy() == peer.labels_).mean() > 0.999


def test_backends_agree_from_equal_seeds():
    x = blobs(2000, 32, num_blobs=50, spread=0.3)
    runs = [kmeans(x, 80, num_restarts=3, seed=4, backend=b) for b in BACKENDS]
    assert runs[0][2] == pytest.approx(runs[1][2], rel=1e-4)


@pytest.mark.parametrize('backend', BACKENDS)
def test_labels_and_objective_are_those_of_the_centroids(backend):
    x = blobs(500, 8, num_blobs=9, spread=0.5)
    centroids, labels, objective = kmeans(x, 12, num_iters=3, backend=backend)
    distance = torch.cdist(x.double(), centroids.double()).square()
    assert torch.equal(labels, distance.argmin(1))
    assert objective == pytest.approx(distance.amin(1).sum().item(), rel=1e-5)


def test_restarts_keep_the_best():
    x = blobs(300, 4, num_blobs=12, spread=0.05)
    single = [kmeans(x, 12, seed=s)[2] for s in range(8)]
    assert max(single) > 1.05 * min(single), 'the starts must matter'
    assert kmeans(x, 12, num_restarts=30)[2] <= min(single) * (1 + 1e-4)


def test_restarts_alike_but_for_rounding_keep_the_first():
    """The halves of a square, one way or the other.

    One way is better by less than the sum of the distances can tell from
    rounding, and must not win.
    """
    side = 1 + 3 * torch.finfo().eps
    x = torch.tensor([[0, 0], [1, 0], [0, side], [1, side]]) - 0.5
    alone = [kmeans(x, 2, seed=seed) for seed in range(20)]
    halves = [run for run in alone if run[2] < 1.1]
    objectives = {objective for _, _, objective in halves}
    assert len(objectives) > 1, 'rounding must matter'
    assert max(objectives) < min(objectives) * (1 + 1e-6)
    for seed, (centroids, _, objective) in enumerate(alone):
        if objective < 1.1:
            kept = kmeans(x, 2, num_restarts=8, seed=seed)
            assert torch.equal(kept[0], centroids)


def test_seed_decides():
    x = blobs(300, 4, num_blobs=12, spread=0.3)
    first, second, other = (kmeans(x, 12, seed=s)[0] for s in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize('tol', [1e-1, 1e-2, 1e-3])
def test_stops_at_a_small_change_of_the_objective(tol):
    """The objective that counts is that of the centroids before an update."""
    x = blobs(3000, 16, num_blobs=30, spread=0.5)
    init = x[:40].clone()
    steps = [init]
    for _ in range(25):
        steps.append(kmeans(x, 40, init=steps[-1], num_iters=1)[0])
    costs = [torch.cdist(x, c).amin(1).square().sum().item() for c in steps]
    small = [
        n
        for n in range(1, 25)
        if abs(costs[n - 1] - costs[n]) < tol * costs[n - 1]
    ]
    expected = steps[small[0] + 1]
    found = kmeans(x, 40, init=init, num_iters=25, tol=tol)[0]
    torch.testing.assert_close(found, expected)
    assert small[0] + 1 < 25, 'the run must end early'


def test_the_change_of_the_objective_is_a_share_of_the_one_before():
    """The first step lowers it by 30%, which is 43% of the new one."""
    x = blobs(500, 8, num_blobs=10, spread=0.3)
    steps = [x[:10].clone()]
    for _ in range(3):
        steps.append(kmeans(x, 10, init=steps[-1], num_iters=1)[0])
    before, after = (
        torch.cdist(x, c).amin(1).square().sum().item() for c in steps[:2]
    )
    change = before - after
    tol = (change / before + change / after) / 2
    assert change / before < tol - 0.01 and tol < 1
    found = kmeans(x, 10, init=steps[0], num_iters=9, tol=tol)[0]
    torch.testing.assert_close(found, steps[2])
    assert not torch.allclose(steps[2], steps[3]), 'it must end early'


def test_the_objective_is_summed_in_float64():
    x = 100 * torch.randn(3000, 5)
    centroids, _, objective = kmeans(x, 7, num_iters=2, backend='torch')
    _, distance = assign_torch(x, centroids)
    assert objective == distance.double().sum().item()
    assert objective != distance.sum().item(), 'it must matter'


def test_low_precision_ends_in_float32():
    x = torch.randn(20000, 4, generator=torch.Generator().manual_seed(3))
    centroids, labels, objective = kmeans(x, 60, num_iters=3, precision='bf16')
    rounded, _ = assign_torch(x, centroids, 'bf16')
    assert not torch.equal(labels, rounded), 'no label depends on it'
    exact = torch.cdist(x.double(), centroids.double()).square()
    chosen = exact.gather(1, labels[:, None])[:, 0]
    torch.testing.assert_close(chosen, exact.amin(1), atol=1e-5, rtol=0)
    assert objective == pytest.approx(exact.amin(1).sum().item(), rel=1e-5)
    full = kmeans(x, 60, num_iters=3)
    assert not torch.equal(full[0], centroids), 'bf16 took no part'
    assert objective == pytest.approx(full[2], rel=0.02)


@pytest.mark.parametrize('backend', BACKENDS)
def test_no_cluster_ends_empty_from_coinciding_starts(backend):
    x = blobs(600, 16, num_blobs=30, spread=0.3)
    init = x[:1].repeat(20, 1)
    centroids, labels, _ = kmeans(x, 20, init=init, backend=backend)
    assert torch.isfinite(centroids).all()
    assert (torch.bincount(labels, minlength=20) > 0).all()


def test_identical_rows_give_finite_centroids():
    x = torch.ones(50, 4)
    centroids, _, objective = kmeans(x, 7)
    assert torch.isfinite(centroids).all()
    torch.testing.assert_close(centroids, torch.ones(7, 4), atol=1e-2, rtol=0)
    assert objective < 1e-3


def test_split_copies_a_populous_cluster():
    means = torch.tensor([[4.0, 4.0], [9.0, 9.0], [2.0, 2.0]])
    counts = torch.tensor([1, 0, 11])
    split = split_into_empty(means, counts, torch.Generator())
    eps = 1 / 1024
    assert torch.equal(split[0], means[0]), 'a single member cannot be split'
    torch.testing.assert_close(
        split[1], torch.tensor([2 * (1 + eps), 2 * (1 - eps)])
    )
    torch.testing.assert_close(
        split[2], torch.tensor([2 * (1 - eps), 2 * (1 + eps)])
    )
    cosine = torch.cosine_similarity(split[1], split[2], dim=0)
    assert cosine >= 1 - 2e-6


def test_split_fills_more_clusters_than_there_are_donors():
    means = torch.randn(8, 3)
    counts = torch.tensor([40, 0, 0, 0, 0, 0, 0, 0])
    split = split_into_empty(means, counts, torch.Generator())
    torch.testing.assert_close(
        split, means[:1].expand(8, 3), rtol=0.01, atol=0
    )
    assert (split != means[:1]).any(1).all() and len(split.unique(dim=0)) > 4


def split_of_faiss(counts, generator):
    """``split_clusters`` of faiss, line by line: who is split, in order."""
    counts, donors = list(counts), []
    spare = sum(counts) - len(counts)
    for empty, count in enumerate(counts):
        if count:
            continue
        donor = 0
        while generator.random() >= (counts[donor] - 1) / spare:
            donor = (donor + 1) % len(counts)
        donors.append(donor)
        counts[empty] = counts[donor] // 2
        counts[donor] -= counts[empty]
    return donors


def splits_of(centroids, start):
    """How often each cluster was split, by how far its centroid moved."""
    factor = centroids[:, 0] / start[:, 0]
    return (factor.log() / math.log(1 - 1 / 1024)).round().long().tolist()


def test_clusters_are_split_as_often_as_by_faiss():
    """A large cluster several times, a small one hardly ever."""
    counts = [50, 3, 0, 7, 0, 20, 0, 0]
    full = [i for i, count in enumerate(counts) if count]
    generator = np.random.default_rng(0)
    expected = np.zeros(len(counts))
    found = np.zeros(len(full))
    most = 0
    num = 1500
    for seed in range(num):
        for donor in split_of_faiss(counts, generator):
            expected[donor] += 1
        means = torch.ones(len(counts), 2)
        split = split_into_empty(
            means,
            torch.tensor(counts),
            torch.Generator().manual_seed(seed),
        )
        times = [splits_of(split, means)[i] for i in full]
        most = max(most, *times)
        found += times
    assert most == 4
    # Splits of clusters that were empty before are none of these.
    assert found / num == pytest.approx(expected[full] / num, abs=0.05)


@pytest.mark.parametrize('popularity', ['uniform', 'zipf'])
def test_objective_of_few_distinct_rows_is_that_of_faiss(popularity):
    """60 distinct rows in 2,000 and 100 clusters: many splits."""
    faiss = pytest.importorskip('faiss')
    rows = torch.nn.functional.normalize(torch.randn(60, 16), dim=1)
    weight = torch.ones(60)
    if popularity == 'zipf':
        weight /= torch.arange(1, 61)
    x = rows[torch.multinomial(weight, 2000, replacement=True)]
    ours = [kmeans(x, 100, seed=seed)[2] for seed in range(12)]
    theirs = []
    for seed in range(12):
        clustering = faiss.Clustering(16, 100)
        clustering.niter, clustering.seed = 20, seed
        clustering.min_points_per_centroid = 1
        index = faiss.IndexFlatL2(16)
        clustering.train(x.numpy(), index)
        theirs.append(float(index.search(x.numpy(), 1)[0].sum()))
    # A run that missed a row has an objective a thousand times larger.
    assert np.median(ours) < 1.1 * np.median(theirs)


@pytest.mark.parametrize('seed', range(8))
def test_split_leaves_no_donor_without_members(seed):
    """Each member is counted once, also those that a split gave away."""
    means = torch.arange(1.0, 7).repeat(2, 1).T
    counts = torch.tensor([2, 3, 1, 0, 0, 0])
    generator = torch.Generator().manual_seed(seed)
    split = split_into_empty(means, counts, generator)
    assert torch.equal(split[2], means[2]), 'its one member was given away'
    # Two members are split once, three twice.
    near = torch.cdist(split, means[:3], p=float('inf')) < 0.1
    assert near.sum(0).tolist() == [2, 3, 1]


def test_full_clusters_are_left_alone():
    means = torch.randn(3, 3)
    split = split_into_empty(means, torch.tensor([1, 2, 1]), torch.Generator())
    assert torch.equal(split, means)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            dict(num_clusters=11),
            'between 1 and the number of rows, 10, got 11',
        ),
        (dict(num_clusters=0), 'got 0'),
        (dict(num_iters=0), 'num_iters must be at least 1, got 0'),
        (dict(tol=1.0), 'share of the objective.* got 1.0'),
        (dict(tol=-1e-3), 'share of the objective.* got -0.001'),
        (dict(precision='fp16'), "'fp32', 'tf32', 'bf16'.*got 'fp16'"),
        (dict(precision='tf32', backend='faiss'), "fp32, got .*'tf32'"),
        (dict(num_restarts=0), 'num_restarts must be at least 1, got 0'),
        (dict(backend='cuml'), "'triton' or 'faiss', got 'cuml'"),
        (dict(init=torch.ones(2, 4)), r'shape \(3, 4\).* got \(2, 4\)'),
        (dict(init=torch.ones(3, 4), num_restarts=2), 'num_restarts=1, got 2'),
        (dict(features=torch.ones(10)), r'\(n, D\), got .*\(10,\)'),
        (dict(features=torch.ones(10, 4).long()), 'floating point.*int64'),
    ],
)
def test_arguments_out_of_range(change, message):
    args = dict(features=torch.randn(10, 4), num_clusters=3) | change
    with pytest.raises(ValueError, match=message):
        kmeans(**args)


def test_faiss_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'faiss', None)
    x = blobs(50, 4, num_blobs=5)
    with pytest.raises(StackError, match='pip install faiss-cpu'):
        kmeans(x, 5, backend='faiss')
    expected = kmeans(x, 5, backend='torch')[0]
    assert torch.equal(kmeans(x, 5, backend='auto')[0], expected)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_features_that_are_not_finite_are_named(value):
    x = torch.randn(10, 4)
    x[6, 2] = x[3, 0] = value
    with pytest.raises(ValueError, match=r'2 of 10 rows.* \[3, 6\]'):
        kmeans(x, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_gpu_equals_cpu():
    x = blobs(3000, 32, num_blobs=50, spread=0.3)
    there = kmeans(x.cuda(), 80, seed=4)
    here = kmeans(x, 80, seed=4)
    assert there[0].is_cuda
    assert there[2] == pytest.approx(here[2], rel=1e-4)


def test_an_iteration_waits_for_the_device_once():
    """For a copy of three numbers, which is none of these operators."""
    x = blobs(400, 8, num_blobs=3, spread=2.0)
    waits = {}
    for num_iters in (2, 3, 6):
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            kmeans(x, 20, num_iters=num_iters, backend='torch')
        names = [event.name for event in profiler.events()]
        assert names.count('aten::mm') > num_iters, 'it ended early'
        waits[num_iters] = sum(name in WAITING for name in names)
    assert waits[2] == waits[3] == waits[6]
