import pytest
import torch

from hirl_mm.clustering import assignment as module
from hirl_mm.clustering import torch_exact
from hirl_mm.clustering.assignment import assignment
from hirl_mm.clustering.searched_share import SearchedShare
from hirl_mm.clustering.torch_assignment import assign_torch
from hirl_mm.clustering.torch_exact import assign_torch_exact, to_tf32
from tests.test_clustering.hard_rows import HARD, near_ties, plain

SIZES = [(0, 5, 3), (5, 1, 3), (300, 33, 1), (500, 100, 40), (70, 2100, 9)]


def loss(features, centroids, labels):
    """What labels cost: (n,) float64, in squares, and that of float32."""
    mean = centroids.mean(0)
    x, c = (features - mean).double(), (centroids - mean).double()
    squares = (x[:, None] - c).square().sum(2)
    chosen = squares.gather(1, labels[:, None])[:, 0]
    rounding = (x.norm(dim=1)[:, None] + c.norm(dim=1)).square().amax(1)
    return chosen - squares.amin(1), x.size(1) * 2**-22 * rounding


@pytest.mark.parametrize('data', HARD, ids=lambda data: data.__name__)
def test_labels_are_nearest_up_to_float32(data):
    features, centroids = data(200, 70, 24)
    labels, distance = assign_torch_exact(features, centroids)
    lost, allowed = loss(features, centroids, labels)
    # Products below 2^-126 are lost in float32, too.
    assert (lost <= allowed + 24 * 2.0**-125).all()
    exact = features.double() - centroids.double()[labels]
    torch.testing.assert_close(
        distance.double(), exact.square().sum(1), rtol=1e-5, atol=1e-37
    )


@pytest.mark.parametrize('sizes', SIZES, ids=str)
def test_equal_those_of_float32(sizes):
    features, centroids = plain(*sizes)
    labels, distance = assign_torch_exact(features, centroids)
    expected = assign_torch(features, centroids)
    assert torch.equal(labels, expected[0])
    torch.testing.assert_close(distance, expected[1], rtol=1e-4, atol=1e-4)


def test_tf32_alone_is_wrong_about_near_ties(monkeypatch):
    features, centroids = near_ties(400, 70, 24)
    labels, _ = assign_torch_exact(features, centroids)
    assert (loss(features, centroids, labels)[0] < 1e-5).all()

    def settled(score, rows, groups, dim):
        return score - score[:, :1], score.new_full(score.shape, -torch.inf)

    monkeypatch.setattr(torch_exact, 'squared_bounds', settled)
    alone, _ = assign_torch_exact(features, centroids)
    assert (alone != labels).any()


def test_equal_centroids_are_taken_as_float32_takes_them():
    features, centroids = plain(200, 20, 8)
    centroids = centroids.repeat(5, 1)
    mean = centroids.mean(0)
    expected, _ = assign_torch(features - mean, centroids - mean)
    assert (expected >= 20).any(), 'the first of equal ones would do'
    assert torch.equal(assign_torch_exact(features, centroids)[0], expected)


def test_blocks_of_rows_agree(monkeypatch):
    features, centroids = plain(300, 70, 8)
    expected = assign_torch_exact(features, centroids)
    monkeypatch.setattr(torch_exact, '_BLOCK_BYTES', 96 * 4 * 50)
    for a, b in zip(
        assign_torch_exact(features, centroids), expected, strict=True
    ):
        assert torch.equal(a, b)


def test_rows_that_are_searched_again_are_counted():
    searched = SearchedShare()
    assert searched.share is None
    centroids = 10 * torch.eye(4)
    features = centroids[[0, 0, 1, 2]] + 0.1
    features[2] = (centroids[1] + centroids[2]) / 2
    assign_torch_exact(features, centroids, searched)
    assert searched.share == 1 / 4
    assign_torch_exact(features[:2], centroids, searched)
    assert searched.share == 1 / 6


def test_tf32_has_eleven_bits():
    values = torch.tensor([1 + 2**-11, 1 + 2**-12, -1 - 2**-11, 3e-39, 0.0])
    expected = [1 + 2**-10, 1.0, -1 - 2**-10]
    assert to_tf32(values)[:3].tolist() == expected
    relative = plain(1000, 1, 3)[0]
    error = ((to_tf32(relative) - relative) / relative).abs().max()
    assert 0.9 * 2**-11 < error <= 2**-11


@pytest.mark.parametrize(('tf32', 'form'), [(True, 'exact'), (False, 'torch')])
def test_a_gpu_without_triton_takes_tf32_for_fp32(tf32, form, monkeypatch):
    monkeypatch.setattr(module, 'has_triton', lambda device: False)
    monkeypatch.setattr(module, '_has_tf32', lambda device: tf32)
    device, searched = torch.device('cuda'), SearchedShare()
    assign = assignment('auto', device, 9, searched=searched)
    features, centroids = plain(100, 9, 4)
    labels, _ = assign(features, centroids)
    assert torch.equal(labels, assign_torch(features, centroids)[0])
    assert (searched.share is None) == (form == 'torch')
    for precision in ('tf32', 'bf16'):
        lower = assignment('auto', device, 9, precision)
        assert lower.func is assign_torch
        assert lower.keywords == dict(precision=precision)
