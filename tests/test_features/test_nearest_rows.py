"""Rows nearest to prototypes, against a search through all of them."""

import numpy as np
import pytest
import torch

from hirl_mm.features import NonFiniteFeaturesError
from hirl_mm.features.nearest_rows import NearestRows

NUM, PARTS, DIM, K = 23, 4, 6, 5


def naive(rows, prototypes, k, one_per_sample):
    """Samples and parts in the order of float64 cosines; counts.

    A loop over all pairs, which sorts by cosine, then sample, then part.
    """
    rows = rows.double().numpy()
    prototypes = prototypes.double().numpy()
    found, counts = [], [0] * len(prototypes)
    cosines = np.empty((len(prototypes), *rows.shape[:2]))
    for sample, part in np.ndindex(*rows.shape[:2]):
        row = rows[sample, part]
        for number, prototype in enumerate(prototypes):
            norms = np.linalg.norm(row) * np.linalg.norm(prototype)
            cosine = round(float(row @ prototype) / norms, 6)
            cosines[number, sample, part] = cosine
        counts[int(cosines[:, sample, part].argmax())] += 1
    for of_prototype in cosines:
        pairs = sorted(
            np.ndindex(*of_prototype.shape),
            key=lambda pair: (-of_prototype[pair], pair),
        )
        if one_per_sample:
            best = {}
            for sample, part in pairs:
                best.setdefault(sample, part)
            pairs = list(best.items())
        found.append(pairs[:k])
    return found, counts, cosines


def searched(rows, prototypes, k, one_per_sample, batch_size):
    search = NearestRows(prototypes, k, one_per_sample)
    idx = torch.arange(len(rows))
    for batch in idx.split(batch_size):
        search.update(rows[batch], batch)
    return search


@pytest.fixture
def rows():
    """Rows of all norms, with copies within samples and among samples."""
    rows = torch.randn(NUM, PARTS, DIM) * torch.rand(NUM, PARTS, 1).exp()
    rows[7] = rows[2]
    rows[20, 1] = rows[2, 3]
    rows[11, 0] = rows[11, 2]
    return rows


@pytest.mark.parametrize('one_per_sample', [True, False])
@pytest.mark.parametrize('k', [1, 6, 30])
@pytest.mark.parametrize('batch_size', [1, 5, NUM])
def test_equals_a_search_through_all(rows, one_per_sample, k, batch_size):
    # Prototypes that are rows: their copies are equally near.
    # Two prototypes are equal: the first counts.
    copies = rows[2, 1:], rows[11, :1], rows[2, 2:3]
    prototypes = torch.cat([torch.randn(2, DIM), *copies])
    search = searched(rows, prototypes, k, one_per_sample, batch_size)
    pairs, counts, cosines = naive(rows, prototypes, k, one_per_sample)
    found = search.found
    got = [
        list(zip(*row, strict=True))
        for row in zip(
            found.sample_idx.tolist(), found.part.tolist(), strict=True
        )
    ]
    assert got == pairs
    assert search.counts.tolist() == counts
    assert sum(counts) == NUM * PARTS
    for number, row in enumerate(pairs):
        expected = [cosines[number][pair] for pair in row]
        np.testing.assert_allclose(
            found.similarity[number].numpy(), expected, atol=1e-6
        )
        owners = [int(cosines[(slice(None), *pair)].argmax()) for pair in row]
        assert found.owner[number].tolist() == owners


def test_batches_and_scale_change_nothing(rows):
    prototypes = torch.randn(K, DIM)
    one = searched(rows, prototypes, 9, False, NUM)
    for batch_size in (1, 4, 22):
        other = searched(rows, prototypes, 9, False, batch_size)
        assert all(map(torch.equal, one.found, other.found))
    # A power of two, which rounds nothing.
    scaled = searched(rows * 4, prototypes / 2, 9, False, 3)
    assert all(map(torch.equal, one.found, scaled.found))
    assert torch.equal(one.counts, scaled.counts)


def test_samples_may_be_missing(rows):
    """An image that cannot be read leaves a gap in the indices."""
    search = NearestRows(rows[3, :1], k=2)
    search.update(rows[[1, 3]], torch.tensor([1, 30]))
    assert search.found.sample_idx.tolist() == [[30, 1]]


def test_memory_does_not_grow_with_the_samples(rows):
    search = searched(rows, torch.randn(K, DIM), 3, True, 2)
    assert all(part.shape == (K, 3) for part in search.found)


def test_errors(rows):
    with pytest.raises(ValueError, match=r'got torch.int64 of shape \(2, 3\)'):
        NearestRows(torch.ones(2, 3, dtype=torch.long), 1)
    with pytest.raises(ValueError, match='at least 1, got 0'):
        NearestRows(torch.ones(2, 3), 0)
    bad = torch.ones(2, DIM)
    bad[1, 0] = torch.nan
    with pytest.raises(NonFiniteFeaturesError, match='prototypes must be'):
        NearestRows(bad, 1)
    rows[4, 2, 0] = torch.inf
    with pytest.raises(NonFiniteFeaturesError, match=r'at \[104\]'):
        NearestRows(torch.ones(2, DIM), 1).update(
            rows, torch.arange(NUM) + 100
        )
