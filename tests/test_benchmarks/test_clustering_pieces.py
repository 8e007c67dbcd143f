"""The pieces that the benchmarks of clustering stand on."""

import math
import time

import faiss
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from benchmarks.clustering.cpu_peers import first_centroids, jobs, objective
from benchmarks.clustering.features import drifted, from_file, mixture
from benchmarks.clustering.growth import exponent, growth
from benchmarks.clustering.parts import (
    ASSIGNMENT,
    EMPTY,
    PARTS,
    profiled,
)
from benchmarks.clustering.released_cpu import PARTS as RELEASED_PARTS
from benchmarks.clustering.released_cpu import density, released_schedule
from benchmarks.clustering.tf32 import (
    assign_emulated,
    assign_tf32,
)
from benchmarks.common.stopwatch import Stopwatch
from hirl_mm.clustering import hierarchical_kmeans, kmeans
from tests.trees import blobs


def test_all_jobs_start_from_the_same_rows():
    """After one iteration nothing but the start decides the centroids."""
    x = mixture(500, 32)
    start = first_centroids(x, 20, seed=3)
    expected, labels, _ = kmeans(x, 20, init=start, num_iters=1)
    for name, job in jobs(x, 20, 1, seed=3).items():
        centroids, found = job()
        torch.testing.assert_close(
            centroids, expected, rtol=1e-4, atol=1e-5, msg=name
        )
        assert torch.equal(found, labels), name


def test_objective_is_the_sum_of_squares():
    x, c = torch.randn(5000, 3), torch.randn(4, 3)
    labels = torch.randint(4, (5000,))
    expected = sum(
        sum((float(a) - float(b)) ** 2 for a, b in zip(row, c[k], strict=True))
        for row, k in zip(x, labels, strict=True)
    )
    assert objective(x, c, labels) == pytest.approx(expected, rel=1e-9)


def test_mixture_has_clusters_and_drift_its_cosine():
    x = mixture(600, 64, seed=1)
    assert torch.equal(x, mixture(600, 64, seed=1))
    torch.testing.assert_close(x.norm(dim=1), torch.ones(600))
    _, _, found = kmeans(x, 16, num_restarts=3)
    noise = F.normalize(torch.randn(600, 64))
    assert found < 0.8 * kmeans(noise, 16, num_restarts=3)[2]
    for cosine in (0.99, 0.9):
        cosines = (x * drifted(x, cosine, seed=2)).sum(1)
        assert cosines.mean().item() == pytest.approx(cosine, abs=0.01)


def test_features_come_from_either_kind_of_file(tmp_path):
    x = torch.randn(7, 3)
    torch.save(dict(features=x, labels=torch.arange(7)), tmp_path / 'x.pt')
    np.savez(tmp_path / 'x.npz', features=x.numpy(), labels=np.arange(7))
    for name in ('x.pt', 'x.npz'):
        assert torch.equal(from_file(tmp_path / name), x)
    torch.save(dict(a=x, b=x), tmp_path / 'x.pt')
    with pytest.raises(ValueError, match='one array .* but it holds 2'):
        from_file(tmp_path / 'x.pt')


def test_tf32_labels_are_nearly_nearest():
    num = 20_000
    x, c = mixture(num, 32), mixture(300, 32, seed=5)
    c = c * torch.linspace(0.5, 1.5, 300)[:, None]
    labels, distance = assign_tf32(x, c)
    exact = torch.cdist(x.double(), c.double()).square()
    torch.testing.assert_close(
        distance.double(), exact[range(num), labels], rtol=1e-5, atol=1e-6
    )
    worse = exact[range(num), labels] - exact.min(1).values
    assert 0 < worse.max() < 4 * 2**-11


def test_emulated_tf32_takes_part_in_k_means():
    x = mixture(2000, 16)
    plain = hierarchical_kmeans(x, (60, 5), backend='torch')
    same, rounded = (
        hierarchical_kmeans(
            x, (60, 5), backend=assign_emulated, precision=precision
        )
        for precision in ('fp32', 'tf32')
    )
    assert torch.equal(same.leaf, plain.leaf)
    assert not torch.equal(rounded.leaf, plain.leaf)
    assert math.isclose(rounded.objective[0], plain.objective[0], rel_tol=0.01)


def test_growth_finds_its_own_formula():
    assert exponent([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2)
    sizes = [(n, k) for n in (100, 200, 400) for k in (10, 20, 40)]
    rest = [7000 + 20 * n + 512 * k + 4 * n * k for n, k in sizes]
    assert list(growth(sizes, rest).values()) == pytest.approx(
        [7000, 20, 512, 4]
    )


def test_released_order_finds_the_clusters():
    """Tight clusters have one best tree, which our k-means finds as well."""
    x, nums = blobs(600, 16, num_blobs=4, spread=0.02), (4, 2)
    watch = Stopwatch('cpu', time.process_time, RELEASED_PARTS)
    with watch.part('other'):
        found = released_schedule(faiss, x, nums, 20, 20, 0, watch)
    ours = hierarchical_kmeans(x, nums, num_restarts=20)
    assert found == pytest.approx(ours.objective, rel=1e-3)
    assert min(watch.seconds.values()) > 0


def test_density_is_mean_distance_over_log_of_size():
    """Squared distances of 1 and 9, in other proportions per cluster."""
    members = [[1.0] * 30 + [9.0] * (3 * i) for i in range(1, 12)] + [[9.0]]
    raw = [
        (30 + 9 * i) / (30 + 3 * i) / math.log(40 + 3 * i)
        for i in range(1, 12)
    ]
    raw.append(max(raw))  # a cluster of one has the largest
    kept = np.clip(raw, *np.percentile(raw, (10, 90)))
    np.testing.assert_allclose(density(members), 0.2 * kept / kept.mean())


@pytest.mark.parametrize('backend', ['torch', 'faiss'])
def test_parts_have_their_own_time(backend):
    """A clock that counts calls sees who is called, and how often."""
    x, ticks, seen = torch.randn(300, 16), iter(range(10**9)), []

    def task():
        seen.append(hierarchical_kmeans(x, (12, 3), backend=backend))

    seconds = profiled(task, lambda: next(ticks))
    assert list(seconds) == list(PARTS)
    # Every tick lies between two Python calls. No cluster is empty.
    assert seconds.pop(EMPTY) == 0
    assert min(seconds.values()) > 0
    plain = hierarchical_kmeans(x, (12, 3), backend=backend)
    assert torch.equal(seen[0].leaf, plain.leaf)


def test_empty_clusters_have_a_time_of_their_own():
    """Of 8 different rows, 4 of 12 clusters are empty at first."""
    x, ticks = torch.randn(8, 16).repeat(40, 1), iter(range(10**9))
    seconds = profiled(lambda: kmeans(x, 12), lambda: next(ticks))
    assert seconds[EMPTY] > 0


def test_most_of_the_time_is_assignment():
    """With many centroids the product of features and centroids is all."""
    x = mixture(4000, 128)
    seconds = profiled(lambda: kmeans(x, 1000, num_iters=5), time.process_time)
    assert seconds[ASSIGNMENT] > 0.6 * sum(seconds.values())
