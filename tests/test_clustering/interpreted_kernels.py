"""Run by test_triton_assignment.py in a process that interprets kernels."""

import pytest
import torch

from hirl_mm.clustering import triton_assignment
from hirl_mm.clustering.cluster_sums import sums_by_kernel
from hirl_mm.clustering.triton_assignment import assign_triton
from tests.test_clustering.interpreted_dot import dot_of_a_gpu  # noqa: F401

PRECISIONS = ['fp32', 'tf32', 'bf16']
# n, K, D: one of everything, blocks that are not full, several blocks of
# rows, of centroids and of coordinates.
SIZES = [
    (1, 1, 1),
    (1, 2, 3),
    (5, 1, 17),
    (129, 2, 1),
    (300, 40, 3),
    (130, 257, 17),
    (200, 600, 64),
    (150, 300, 130),
    (64, 257, 300),
]


def drawn(num, num_clusters, dim, offset=0.0):
    generator = torch.Generator().manual_seed(num + num_clusters + dim)
    features = torch.randn(num, dim, generator=generator) + offset
    centroids = torch.randn(num_clusters, dim, generator=generator) + offset
    return features, centroids


def rounded(values, precision):
    if precision == 'bf16':
        return values.bfloat16().double()
    if precision == 'tf32':
        return (
            (values.view(torch.int32) & ~0x1FFF).view(torch.float32).double()
        )
    return values.double()


def scores(features, centroids, precision):
    """(n, K), in float64 of operands rounded as the kernel's are."""
    mean = centroids.mean(0)
    x, c = rounded(features - mean, precision), centroids - mean
    # Hardware cuts tf32 when it multiplies, after the norms were taken.
    norm = (rounded(c, 'bf16') if precision == 'bf16' else c.double()).square()
    return x @ rounded(c, precision).T - norm.sum(1) / 2


def check(features, centroids, precision, tolerance=1e-5):
    labels, distance = assign_triton(features, centroids, precision)
    assert labels.shape == distance.shape == (len(features),)
    assert labels.dtype == torch.long and distance.dtype == torch.float32
    wanted = scores(features, centroids, precision)
    found = wanted.gather(1, labels[:, None])[:, 0]
    best = wanted.max(1)
    scale = 1 + wanted.abs().max()
    assert bool((found >= best.values - tolerance * scale).all())
    clear = wanted.topk(min(2, wanted.size(1))).values.diff().abs().sum(1)
    clear = clear > tolerance * scale
    if wanted.size(1) > 1:
        assert clear.double().mean() > 0.9
    assert torch.equal(labels[clear], best.indices[clear])
    exact = (features.double() - centroids.double()[labels]).square().sum(1)
    torch.testing.assert_close(distance.double(), exact, rtol=1e-5, atol=1e-9)
    return labels


@pytest.mark.parametrize('precision', PRECISIONS)
@pytest.mark.parametrize('sizes', SIZES, ids=str)
def test_equals_brute_force(sizes, precision):
    check(*drawn(*sizes), precision)


def test_labels_of_fp32_are_the_nearest():
    features, centroids = drawn(200, 300, 64)
    difference = features.double()[:, None] - centroids.double()
    nearest = difference.square().sum(2).argmin(1)
    labels, _ = assign_triton(features, centroids)
    assert torch.equal(labels, nearest)


def test_low_precision_moves_labels_alone():
    features, centroids = drawn(400, 300, 64)
    labels = {p: assign_triton(features, centroids, p)[0] for p in PRECISIONS}
    moved = {p: int((labels[p] != labels['fp32']).sum()) for p in PRECISIONS}
    assert 0 < moved['bf16'] < 40
    assert moved['tf32'] < moved['bf16']


@pytest.mark.parametrize('precision', PRECISIONS)
@pytest.mark.parametrize('dim', [40, 2048])
def test_splits_of_the_centroids_agree(dim, precision):
    """2048 coordinates are split over programs, 40 are not."""
    features, centroids = drawn(40, 1100, dim)
    # In the shares of several programs, and none in the first.
    copies = torch.tensor([300, 600, 900, 1099])
    centroids[copies] = features[7]
    labels = check(features, centroids, precision)
    assert labels[7] == 300
    assert (labels > 600).sum() > 5 and (labels < 300).sum() > 5


@pytest.mark.parametrize('precision', PRECISIONS)
@pytest.mark.parametrize('dim', [8, 300])
def test_of_equal_centroids_the_first_counts(dim, precision):
    features, centroids = drawn(150, 30, dim)
    once = assign_triton(features, centroids, precision)[0]
    # Copies in the same tile, in the next one and in the one after it.
    copies = torch.cat([centroids] * 20)
    assert len(copies) == 600
    assert torch.equal(assign_triton(features, copies, precision)[0], once)
    same = features[:1].repeat(300, 1)
    assert not assign_triton(features, same, precision)[0].any()


@pytest.mark.parametrize('precision', PRECISIONS)
def test_any_strides(precision):
    features, centroids = drawn(140, 20, 40)
    expected = assign_triton(features, centroids, precision)
    wide = torch.randn(140, 80)
    wide[:, ::2] = features
    for strided in (wide[:, ::2], features.T.contiguous().T):
        assert not strided.is_contiguous()
        found = assign_triton(strided, centroids.T.contiguous().T, precision)
        for a, b in zip(found, expected, strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize('precision', PRECISIONS)
def test_an_offset_common_to_all_costs_nothing(precision):
    features, centroids = drawn(300, 50, 32)
    # Exact in float32 with the offset too, and so is their mean.
    features = (features * 64).round() / 64
    centroids = (centroids * 64).round() / 64
    centroids = torch.cat([centroids, 1 - centroids, centroids[:28] * 0.5])
    there, back = (
        assign_triton(features + offset, centroids + offset, precision)
        for offset in (1024.0, 0.0)
    )
    assert torch.equal(there[0], back[0])
    torch.testing.assert_close(there[1], back[1])


@pytest.mark.parametrize('precision', PRECISIONS)
def test_chunks_of_rows_agree(precision, monkeypatch):
    features, centroids = drawn(700, 40, 64)
    expected = assign_triton(features, centroids, precision)
    monkeypatch.setattr(triton_assignment, '_CHUNK_BYTES', 256 * 64 * 4)
    found = assign_triton(features, centroids, precision)
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a, b)


def test_rows_at_their_centroid_are_at_distance_zero():
    centroids = torch.randn(60, 50) * 100
    labels, distance = assign_triton(centroids, centroids, 'bf16')
    assert torch.equal(labels, torch.arange(60))
    assert not distance.any()


def test_no_rows_have_no_labels():
    labels, distance = assign_triton(torch.zeros(0, 4), torch.zeros(2, 4))
    assert labels.shape == distance.shape == (0,)


def test_half_precision_features_are_taken_as_they_are():
    features, centroids = drawn(50, 7, 12)
    features = features.bfloat16()
    found = assign_triton(features, centroids)
    for a, b in zip(
        found, assign_triton(features.float(), centroids), strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.parametrize('dim', [1, 70, 300])
def test_sums_of_the_kernel(dim):
    generator = torch.Generator().manual_seed(dim)
    features = torch.randn(500, 2 * dim, generator=generator)[:, ::2]
    labels = torch.randint(0, 23, (500,), generator=generator)
    labels[labels == 4] = 22
    sums, counts = sums_by_kernel(features, labels, 25)
    expected = torch.zeros(25, dim, dtype=torch.double)
    for row, label in zip(features.double(), labels, strict=True):
        expected[label] += row
    torch.testing.assert_close(sums.double(), expected, rtol=1e-6, atol=1e-5)
    assert not sums[[4, 23, 24]].any()
    assert torch.equal(counts, labels.bincount(minlength=25))
    again = sums_by_kernel(features, labels, 25)
    assert torch.equal(again[0], sums) and torch.equal(again[1], counts)
