"""What holds for k-means of any rows, on any number of ranks."""

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from hirl_mm.clustering import feature_spread, kmeans
from hirl_mm.clustering.empty_clusters import PERTURBATION
from tests.property_inputs import (
    SEEDS,
    any_rows,
    grid_rows,
    random_rows,
    shares,
)
from tests.ranks import on_ranks
from tests.watched_search import WatchedSearch

BACKENDS = st.sampled_from(['torch', 'faiss'])
# Labels of a run whose distances differ by more than this are the same
# whatever rounding does.
CLEAR = 1e-4


def numbers_of_clusters(x):
    return st.integers(1, min(len(x), 8))


def squared_distances(x, centroids):
    difference = x.double()[:, None] - centroids.double()
    return difference.square().sum(2)


def rounding(x):
    """How far a computed squared distance may be off."""
    return 1e-5 * float(x.square().sum(1).max() + 1)


@given(any_rows(), st.data())
def test_labels_are_those_of_the_nearest_centroids(x, data):
    k = data.draw(numbers_of_clusters(x))
    centroids, labels, objective = kmeans(
        x,
        k,
        num_iters=data.draw(st.integers(1, 5)),
        num_restarts=data.draw(st.integers(1, 3)),
        seed=data.draw(SEEDS),
        backend=data.draw(BACKENDS),
    )
    assert centroids.shape == (k, x.size(1)) and centroids.isfinite().all()
    assert labels.shape == (len(x),) and labels.dtype == torch.long
    distance = squared_distances(x, centroids)
    chosen = distance.gather(1, labels[:, None])[:, 0]
    assert (chosen <= distance.amin(1) + rounding(x)).all()
    assert abs(chosen.sum() - objective) <= len(x) * rounding(x)


@given(any_rows(least=2), st.data())
def test_no_iteration_makes_it_worse_unless_a_cluster_was_empty(x, data):
    k = data.draw(numbers_of_clusters(x))
    drawn = data.draw(st.permutations(range(len(x))))[:k]
    centroids = x[torch.tensor(drawn)]
    before = float(squared_distances(x, centroids).amin(1).sum())
    for _ in range(4):
        search = WatchedSearch()
        centroids, _, objective = kmeans(
            x, k, init=centroids, num_iters=1, backend=search
        )
        no_worse = objective <= before + len(x) * rounding(x)
        assert no_worse or search.had_empty
        before = objective


@given(random_rows(least=4), st.data())
def test_centroids_end_as_the_means_of_their_rows(x, data):
    k = data.draw(st.integers(1, len(x) // 4))
    drawn = data.draw(st.permutations(range(len(x))))[:k]
    search = WatchedSearch()
    centroids, labels, _ = kmeans(
        x,
        k,
        init=x[torch.tensor(drawn)],
        num_iters=100,
        backend=search,
    )
    assume(not search.had_empty)
    for cluster, centroid in enumerate(centroids):
        mean = x[labels == cluster].mean(0)
        torch.testing.assert_close(centroid, mean, atol=1e-5, rtol=1e-5)


@given(grid_rows(), st.data())
def test_no_distinct_row_is_lost_among_more_clusters(x, data):
    """Every row keeps a centroid, if each has one at the start.

    Those of empty clusters are copies, which splits shift by 1/1024 each.
    """
    distinct = x.unique(dim=0)
    more = data.draw(st.integers(0, len(x) - len(distinct)))
    number = st.integers(0, len(distinct) - 1)
    copies = data.draw(st.lists(number, min_size=more, max_size=more))
    init = torch.cat([distinct, distinct[copies]]) if copies else distinct
    _, _, objective = kmeans(
        x, len(init), init=init, num_iters=data.draw(st.integers(1, 9))
    )
    shift = (1 + PERTURBATION) ** len(init) - 1
    furthest = float(x.square().sum(1).max())
    assert objective <= len(x) * (furthest * shift**2 + rounding(x))


@given(grid_rows(), st.data())
def test_permuted_rows_have_the_same_centroids_to_the_bit(x, data):
    order = torch.tensor(data.draw(st.permutations(range(len(x)))))
    k = data.draw(numbers_of_clusters(x))
    options = dict(
        init=x[:k],
        seed=data.draw(SEEDS),
        num_iters=data.draw(st.integers(1, 6)),
        backend=WatchedSearch(),
    )
    straight, permuted = (kmeans(rows, k, **options) for rows in (x, x[order]))
    assert torch.equal(permuted[0], straight[0])
    assert torch.equal(permuted[1], straight[1][order])
    assert abs(permuted[2] - straight[2]) <= 1e-9 * straight[2]


def on_shares(x, parts, function):
    """Call ``function(rows, sample_idx)`` with the part of every rank."""
    return on_ranks(
        len(parts), lambda rank: function(x[parts[rank]], parts[rank])
    )


@given(grid_rows(), st.data())
def test_any_ranks_find_what_one_finds_to_the_bit(x, data):
    """Ties, copies, empty clusters and ranks without rows included."""
    parts = data.draw(shares(len(x)))
    k = data.draw(numbers_of_clusters(x))
    options = dict(
        num_iters=data.draw(st.integers(1, 6)),
        num_restarts=data.draw(st.integers(1, 3)),
        seed=data.draw(SEEDS),
        backend=WatchedSearch(),
    )
    alone = kmeans(x, k, **options)
    found = on_shares(
        x, parts, lambda rows, idx: kmeans(rows, k, sample_idx=idx, **options)
    )
    for part, (centroids, labels, objective) in zip(parts, found, strict=True):
        assert torch.equal(centroids, alone[0])
        assert torch.equal(labels, alone[1][part])
        assert abs(objective - alone[2]) <= 1e-9 * alone[2]


@given(random_rows(), st.data())
def test_any_ranks_and_backends_find_the_same(x, data):
    parts = data.draw(shares(len(x)))
    k = data.draw(st.integers(1, max(1, len(x) // 3)))
    options = dict(num_iters=data.draw(st.integers(1, 6)), seed=5)
    search = WatchedSearch()
    centroids, labels, objective = kmeans(x, k, backend=search, **options)
    assume(search.gap > CLEAR)
    options['backend'] = data.draw(BACKENDS)
    found = on_shares(
        x, parts, lambda rows, idx: kmeans(rows, k, sample_idx=idx, **options)
    )
    for part, mine in zip(parts, found, strict=True):
        torch.testing.assert_close(mine[0], centroids, atol=1e-5, rtol=1e-5)
        assert torch.equal(mine[1], labels[part])
        assert abs(mine[2] - objective) <= len(x) * rounding(x)


@given(any_rows(), st.data())
def test_spread_of_features_is_that_of_one_rank(x, data):
    parts = data.draw(shares(len(x)))
    unit = torch.nn.functional.normalize(x.double(), dim=1)
    expected = float((1 - unit.mean(0).square().sum()).clamp(min=0).sqrt())
    for spread in on_shares(x, parts, feature_spread):
        assert 0 <= spread <= 1
        assert abs(spread**2 - expected**2) < 1e-5
