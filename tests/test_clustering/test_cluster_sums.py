import pytest
import torch

from hirl_mm.clustering import cluster_sums as module
from hirl_mm.clustering.cluster_sums import (
    cluster_sums,
    sums_by_index,
    sums_by_kernel,
    sums_by_segments,
)

FORMS = [cluster_sums, sums_by_index, sums_by_segments]


def drawn(num, dim, num_clusters):
    generator = torch.Generator().manual_seed(num + dim)
    features = torch.randn(num, dim, generator=generator)
    labels = torch.randint(0, num_clusters, (num,), generator=generator)
    return features, labels


def loop(features, labels, num_clusters):
    sums = torch.zeros(num_clusters, features.size(1), dtype=torch.double)
    counts = torch.zeros(num_clusters, dtype=torch.long)
    for row, label in zip(features.double(), labels.tolist(), strict=True):
        sums[label] += row
        counts[label] += 1
    return sums, counts


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize(
    'sizes', [(1, 1, 1), (400, 3, 7), (300, 70, 40), (50, 17, 200)], ids=str
)
def test_equals_a_loop_and_repeats(form, sizes):
    features, labels = drawn(*sizes)
    sums, counts = form(features, labels, sizes[2])
    expected, members = loop(features, labels, sizes[2])
    assert sums.dtype == torch.float32 and counts.dtype == torch.long
    torch.testing.assert_close(sums.double(), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(counts, members)
    for _ in range(3):
        again = form(features, labels, sizes[2])
        assert torch.equal(again[0], sums)


@pytest.mark.parametrize('form', FORMS)
def test_strided_features(form):
    features, labels = drawn(200, 24, 9)
    for strided in (features[:, ::2], features.T.contiguous().T[:, :12]):
        sums, _ = form(strided, labels, 9)
        expected, _ = loop(strided, labels, 9)
        torch.testing.assert_close(
            sums.double(), expected, rtol=1e-5, atol=1e-5
        )


def test_segments_take_some_columns_at_once(monkeypatch):
    features, labels = drawn(100, 11, 6)
    whole, _ = sums_by_segments(features, labels, 6)
    taken = []
    reduce = torch.segment_reduce

    def watched(data, *args, **kwargs):
        taken.append(data.size(1))
        return reduce(data, *args, **kwargs)

    monkeypatch.setattr(torch, 'segment_reduce', watched)
    monkeypatch.setattr(module, '_SCRATCH_BYTES', 100 * 4 * 4)
    parts, _ = sums_by_segments(features, labels, 6)
    assert taken == [4, 4, 3]
    assert torch.equal(parts, whole)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU')
@pytest.mark.parametrize('form', [cluster_sums, sums_by_kernel, *FORMS[2:]])
def test_on_a_gpu(form):
    features, labels = drawn(30000, 130, 50)
    expected = torch.zeros(50, 130, dtype=torch.double)
    expected.index_add_(0, labels, features.double())
    features, labels = features.cuda(), labels.cuda()
    sums, counts = form(features, labels, 50)
    torch.testing.assert_close(
        sums.double().cpu(), expected, rtol=1e-5, atol=1e-3
    )
    assert torch.equal(counts, labels.bincount(minlength=50))
    for _ in range(5):
        assert torch.equal(form(features, labels, 50)[0], sums)
