"""Tables of neighbours of all images, over any number of ranks."""

import pytest
import torch
import torch.distributed as dist

from hirl_mm.features import (
    NonFiniteFeaturesError,
    nearest_neighbors,
    neighbor_table_of,
)
from hirl_mm.features.shard import number_present
from tests.processes import run_processes

N = 19
# Sample indices of the images with features; 3 and 4, 9 and the last have
# none.
PRESENT = [0, 1, 2, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17]


def features():
    """Rows of all images, with two exact duplicates."""
    rows = torch.randn(N, 5, generator=torch.Generator().manual_seed(4))
    rows[12] = rows[5]
    return rows


def naive(rows, present, k):
    """One pair at a time in float64; ties go to the smaller index."""
    rows = rows.double()
    table = [[i] * k for i in range(len(rows))]
    for i in present:
        others = sorted(
            (-float(torch.cosine_similarity(rows[i], rows[j], 0)), j)
            for j in present
            if j != i
        )
        table[i] = [j for _, j in others[:k]]
    return table


def test_equals_the_naive_table():
    idx = torch.tensor(PRESENT)
    for k in (1, 4, len(PRESENT) - 1):
        found = neighbor_table_of(
            features()[idx], k, sample_idx=idx, num_samples=N
        )
        assert found.tolist() == naive(features(), PRESENT, k)
        assert found.dtype == torch.long


def test_equals_the_search_if_all_images_have_features():
    order = torch.randperm(N, generator=torch.Generator().manual_seed(1))
    found = neighbor_table_of(
        features()[order], 6, sample_idx=order, num_samples=N
    )
    assert found.tolist() == nearest_neighbors(features(), 6).tolist()


def shares(world_size):
    """Sample indices of every rank, in an order of their own."""
    generator = torch.Generator().manual_seed(2)
    order = torch.randperm(len(PRESENT), generator=generator)
    parts = torch.tensor(PRESENT)[order].tensor_split([5])
    if world_size == 3:
        # One rank could read no image.
        return parts[0], parts[0][:0], parts[1]
    return parts


def search(rank, folder):
    """Search the share of this rank, and ask for what it cannot do."""
    idx = shares(dist.get_world_size())[rank]
    options = dict(sample_idx=idx, num_samples=N)
    rows = features()
    torch.save(neighbor_table_of(rows[idx], 4, **options), folder / f'{rank}')
    with pytest.raises(ValueError, match='got k = 15 and 15 such images of 1'):
        neighbor_table_of(rows[idx], len(PRESENT), **options)
    with pytest.raises(ValueError, match='16 rows of features of 15 images'):
        twice = idx if rank else torch.cat([idx, idx[:1]])
        neighbor_table_of(rows[twice], 4, sample_idx=twice, num_samples=N)
    with pytest.raises(ValueError, match='15 images .* 0 to 14, but 3 lie'):
        neighbor_table_of(rows[idx], 4, sample_idx=idx, num_samples=15)
    rows[17] = torch.nan
    with pytest.raises(NonFiniteFeaturesError):
        neighbor_table_of(rows[idx], 4, **options)


@pytest.mark.parametrize('world_size', [2, 3])
def test_whole_and_the_same_on_every_rank(world_size, tmp_path):
    run_processes(search, world_size, tmp_path)
    expected = naive(features(), PRESENT, 4)
    for rank in range(world_size):
        assert torch.load(tmp_path / f'{rank}').tolist() == expected


def test_numbers_of_the_present():
    idx = torch.tensor([5, 2, 6])
    present, numbers = number_present(idx, 8)
    assert present.tolist() == [2, 5, 6]
    assert numbers.tolist() == [1, 0, 2]
    present, numbers = number_present(torch.tensor([1, 0]), 2)
    assert (present.tolist(), numbers.tolist()) == ([0, 1], [1, 0])


@pytest.mark.parametrize(
    ('idx', 'k', 'match'),
    [
        ([0, 1, 5], 3, 'k = 3 and 3 such images of 19'),
        ([0, 1, 5], 0, 'k = 0'),
        ([0, 1], 1, r'each of the 3 rows, got shape \(2,\)'),
        ([0, 1, 1], 1, '3 rows of features of 2 images'),
        ([0, 1, 19], 1, '19 images must be numbers from 0 to 18, but 1 lie'),
        ([-1, 1, 2], 1, 'but 1 lie outside'),
    ],
)
def test_rejects(idx, k, match):
    with pytest.raises(ValueError, match=match):
        neighbor_table_of(
            features()[:3], k, sample_idx=torch.tensor(idx), num_samples=N
        )
