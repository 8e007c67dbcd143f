"""Run by test_triton_assignment.py in a process that interprets kernels."""

import pytest
import torch

from hirl_mm.clustering import kmeans, triton_exact
from hirl_mm.clustering.assignment import assignment
from hirl_mm.clustering.exact_bounds import RowFacts, squared_bounds
from hirl_mm.clustering.searched_share import SearchedShare
from hirl_mm.clustering.triton_assignment import assign_triton
from hirl_mm.clustering.triton_exact import GroupSearch, assign_exact
from tests.test_clustering.hard_rows import HARD, near_ties, plain
from tests.test_clustering.interpreted_dot import dot_of_a_gpu  # noqa: F401

# n, K, D: groups of 128, 64 and 256 centroids, one block of coordinates or
# several, blocks that are not full, centroids in shares of programs.
SIZES = [(130, 600, 17), (70, 300, 256), (20, 1030, 300), (3, 1030, 760)]


def check(features, centroids):
    """Equal labels and distances to the bit; return the share searched."""
    searched = SearchedShare()
    found = assign_exact(features, centroids, searched)
    expected = assign_triton(features, centroids, 'fp32')
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a, b)
    return searched.share


@pytest.mark.parametrize('sizes', SIZES, ids=str)
def test_labels_are_those_of_float32(sizes):
    # One group of several, and another one where it is near.
    assert 0.2 < check(*plain(*sizes)) < 0.5


@pytest.mark.parametrize('data', HARD, ids=lambda data: data.__name__)
def test_labels_are_those_of_float32_on_hard_rows(data):
    check(*data(130, 600, 24))


def test_float16_alone_is_wrong_about_near_ties():
    features, centroids = near_ties(130, 600, 24)
    labels, _ = assign_exact(features, centroids)
    x = (features - centroids.mean(0)).half().float()
    c = (centroids - centroids.mean(0)).half().float()
    low = (x @ c.T - c.square().sum(1) / 2).argmax(1)
    assert (low != labels).sum() > 20


@pytest.mark.parametrize('num_clusters', [1, 129, 512, 513])
def test_few_centroids(num_clusters):
    share = check(*plain(40, num_clusters, 20))
    assert share == 1 if num_clusters <= 512 else share < 1


def test_no_rows():
    labels, distance = assign_exact(torch.zeros(0, 4), torch.zeros(600, 4))
    assert labels.shape == distance.shape == (0,)
    assert labels.dtype == torch.long


def test_any_strides_and_half_precision():
    features, centroids = plain(70, 520, 20)
    wide = torch.randn(70, 40)
    wide[:, ::2] = features
    check(wide[:, ::2], centroids.T.contiguous().T)
    check(features.bfloat16(), centroids.half())


def test_chunks_of_rows_agree(monkeypatch):
    features, centroids = plain(200, 520, 24)
    expected = assign_exact(features, centroids)
    monkeypatch.setattr(triton_exact, '_CHUNK_BYTES', 20_000)
    for a, b in zip(assign_exact(features, centroids), expected, strict=True):
        assert torch.equal(a, b)


def test_several_windows_of_rows(monkeypatch):
    features, centroids = plain(1100, 520, 3)
    share = check(features, centroids)
    monkeypatch.setattr(triton_exact, '_SMALLEST_WINDOW', 2048)
    assert check(features, centroids) == share


def test_rows_that_are_not_numbers_get_the_label_of_float32():
    features, centroids = plain(60, 600, 24)
    features[3] = float('nan')
    features[5, 2] = float('inf')
    labels, _ = assign_exact(features, centroids)
    expected, _ = assign_triton(features, centroids, 'fp32')
    assert torch.equal(labels, expected)


@pytest.mark.parametrize('data', HARD, ids=lambda data: data.__name__)
def test_what_rounding_costs(data):
    """The kernel measures what RowFacts.of measures of its roundings."""
    features, centroids = data(40, 600, 24)
    search = GroupSearch(centroids)
    rounded, facts = search.prepared(features)
    x = (features - search.mean) * search.scale
    back = rounded[:40, :24].float() * facts[0, :40, None]
    finite = facts[1, :40].isfinite()
    assert finite.any() != (data.__name__ == 'far_rows')
    expected = RowFacts.of(x, back)
    for found, wanted in zip(facts[1:, :40], expected, strict=True):
        torch.testing.assert_close(
            found[finite], wanted[finite], rtol=1e-5, atol=0
        )
    # Half a unit in the last place of fp16, or of the smallest number in it.
    largest = x.abs().amax(1, keepdim=True)
    allowed = (x.abs() * 2**-11).maximum(largest * 2**-37)
    assert ((x - back).abs() <= allowed)[finite].all()


@pytest.mark.parametrize('sizes', SIZES[:3], ids=str)
def test_bounds_are_the_formula_and_enclose_the_distances(sizes):
    num, num_clusters, dim = sizes
    features, centroids = plain(*sizes)
    search = GroupSearch(centroids)
    rounded, facts = search.prepared(features)
    lower, upper = search.bounds(rounded, facts)
    lower, upper = lower[:, :num].T.double(), upper[:, :num].amin(0).double()
    x = (features - search.mean).double() * search.scale
    c = (centroids - search.mean).double() * search.scale
    low_x = rounded[:num, :dim].double() * facts[0, :num, None]
    low_c = c.float().half().double()
    size = search.group_size
    squares, score = (
        torch.nn.functional.pad(
            values, (0, -num_clusters % size), value=worst * torch.inf
        ).view(num, -1, size)
        for values, worst in (
            (torch.cdist(x, c).square(), 1),
            (low_x @ low_c.T - low_c.square().sum(1) / 2, -1),
        )
    )
    rows = RowFacts(*facts[1:, :num, None].double())
    expected = squared_bounds(score.amax(2), rows, search.groups, dim)
    torch.testing.assert_close(lower, expected[0], rtol=1e-5, atol=0)
    torch.testing.assert_close(upper, expected[1].amin(1), rtol=1e-5, atol=0)
    nearest = squares.amin(2)
    assert (lower <= nearest).all() and (upper >= nearest.amin(1)).all()


@pytest.mark.parametrize('precision', ['fp32', 'tf32'])
def test_kmeans_ends_with_the_labels_of_float32(precision):
    features, _ = plain(560, 1, 8)
    searched = SearchedShare()
    centroids, labels, objective = kmeans(
        features,
        520,
        num_iters=1,
        backend='triton',
        precision=precision,
        searched=searched,
    )
    expected, distance = assign_triton(features, centroids, 'fp32')
    assert torch.equal(labels, expected)
    assert objective == float(distance.double().sum())
    assert 0.2 <= searched.share < 0.4


def test_auto_takes_at_least_the_precision():
    """The interpreter stands for a GPU."""
    device = torch.device('cuda')
    for precision in ('fp32', 'tf32'):
        found = assignment('auto', device, 9, precision)
        assert found.func is assign_exact
    assert assignment('triton', device, 9).func is assign_exact
    for backend, precision in (('auto', 'bf16'), ('triton', 'tf32')):
        found = assignment(backend, device, 9, precision)
        assert found.func is assign_triton
        assert found.keywords == dict(precision=precision)
