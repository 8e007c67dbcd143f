"""The neighbours of rows within their own set, over any number of ranks."""

import math
import operator

import pytest
import torch
import torch.distributed as dist
from torch.utils._python_dispatch import TorchDispatchMode

from hirl_mm.features import NonFiniteFeaturesError, nearest_neighbors
from hirl_mm.features.nearest import search
from hirl_mm.features.row_blocks import RowBlocks
from hirl_mm.features.shard import Shard
from tests.processes import run_processes


def naive(features, k):
    """One pair at a time in float64; ties go to the smaller row."""
    found = []
    for i, row in enumerate(features.double()):
        others = []
        for j, other in enumerate(features.double()):
            if i != j:
                others.append(
                    (-float(row @ other / row.norm() / other.norm()), j)
                )
        found.append([j for _, j in sorted(others)[:k]])
    return found


def rows(num, dim=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scale = torch.rand(num, 1, generator=generator) * 9 + 0.1
    return torch.randn(num, dim, generator=generator) * scale


def with_ties():
    """Many rows of few directions, whose cosines are exact: 0 and 1."""
    return torch.eye(4)[[2, 0, 0, 1, 3, 0, 2, 2, 1, 0, 3, 0, 1, 0, 0, 2, 3]]


@pytest.mark.parametrize('chunk_size', [1, 2, 7, 8, 9, 22, 23, 24, 4096])
@pytest.mark.parametrize('k', [1, 5, 22])
def test_equals_the_naive_search_for_any_chunk_size(k, chunk_size):
    features = rows(23)
    found = nearest_neighbors(features, k, chunk_size=chunk_size)
    assert found.tolist() == naive(features, k)
    assert found.dtype == torch.long


@pytest.mark.parametrize('chunk_size', [1, 3, 5, 17])
@pytest.mark.parametrize('k', [1, 3, 6, 16])
def test_ties_go_to_the_smaller_row(k, chunk_size):
    features = with_ties()
    found = nearest_neighbors(features, k, chunk_size=chunk_size)
    assert found.tolist() == naive(features, k)


def test_duplicates_are_neighbours_and_a_row_is_not_its_own():
    features = torch.ones(5, 3)
    found = nearest_neighbors(features, 4)
    assert [sorted(row) for row in found.tolist()] == [
        [j for j in range(5) if j != i] for i in range(5)
    ]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_features_are_compared_in_float32(dtype):
    features = rows(40, 8).to(dtype)
    assert nearest_neighbors(features, 5).tolist() == naive(features, 5)


def test_makes_no_copy_of_the_rows_and_no_table_of_all_pairs():
    class Watch(TorchDispatchMode):
        largest = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor) and out.data_ptr() != given:
                self.largest = max(self.largest, out.numel())
            return out

    features = rows(600, 64)
    given = features.data_ptr()
    with Watch() as watch:
        nearest_neighbors(features, 3, chunk_size=32)
    assert watch.largest < 600 * 64 / 2


def exact(features, k):
    """Integers: multiples of 2^-26 of unit rows, multiplied in Python."""
    units = []
    for row in features.tolist():
        norm = math.sqrt(math.fsum(value * value for value in row))
        units.append([round(value / norm * 2**26) for value in row])
    return [
        sorted(
            (j for j in range(len(units)) if j != i),
            key=lambda j: (-sum(map(operator.mul, units[i], units[j])), j),
        )[:k]
        for i in range(len(units))
    ]


def near_ties():
    """Rows whose cosines differ by less than float32 can tell.

    Two groups of 20 rows around two directions; in each group three rows are
    equal.
    """
    generator = torch.Generator().manual_seed(5)
    rows = torch.randn(2, 37, generator=generator).repeat(20, 1)
    rows += 3e-7 * torch.randn(rows.shape, generator=generator)
    rows[[6, 30]], rows[[1, 39]] = rows[14].clone(), rows[21].clone()
    return rows


@pytest.mark.parametrize('k', [1, 3, 12, 25])
def test_cosines_that_float32_cannot_tell_apart(k):
    features = near_ties()
    for chunk_size in (3, 16, 17, None):
        found = nearest_neighbors(features, k, chunk_size=chunk_size)
        assert found.tolist() == exact(features, k)
        found = nearest_neighbors(features.double(), k, chunk_size=chunk_size)
        assert found.tolist() == exact(features, k)


@pytest.mark.parametrize('spread', [1, 1e-2, 1e-4])
def test_equals_the_exact_products_of_many_rows(spread):
    """Some rows are told apart by the first products, some are not."""
    features = 1 + spread * rows(300, 24)
    found = nearest_neighbors(features, 10, chunk_size=64)
    assert found.tolist() == exact(features, 10)


@pytest.mark.parametrize('precisions', [('tf32',), ('tf32', 'fp32')])
@pytest.mark.parametrize('spread', [1, 1e-2])
def test_candidates_in_tf32_give_the_same_neighbours(spread, precisions):
    """With spread 1 tf32 leaves few rows, with 1e-2 all but float32 few."""
    for features in (1 + spread * rows(300, 24), near_ties(), with_ties()):
        shard = Shard(features, None)
        for k in (1, 10):
            found = search(RowBlocks(shard, 32), k, precisions)
            assert found.tolist() == exact(features, k)


@pytest.mark.parametrize('scale', [1e-42, 1e-30, 1e30])
def test_length_of_a_row_does_not_matter(scale):
    features = rows(23)
    expected = nearest_neighbors(features, 5)
    features[::3] = features[::3].sign() * scale
    found = nearest_neighbors(features, 5)
    features[::3] = features[::3].sign()
    assert torch.equal(found, nearest_neighbors(features, 5))
    assert not torch.equal(found, expected)


def test_rows_of_zeros_are_as_near_as_orthogonal_ones():
    features = torch.tensor([[0.0, 0], [0, 2], [3, 0], [-1, 0]])
    found = nearest_neighbors(features, 3)
    assert found.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_precision_set_by_the_user_does_not_matter():
    features = rows(60, 24)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('medium')
    try:
        with torch.autocast('cpu', torch.bfloat16):
            found = nearest_neighbors(features, 5)
    finally:
        torch.set_float32_matmul_precision(before)
    assert found.tolist() == exact(features, 5)


def test_features_stay_as_they_are():
    for dtype in (torch.float32, torch.float64):
        features = rows(23).to(dtype)
        nearest_neighbors(features, 5)
        assert torch.equal(features, rows(23).to(dtype))


SETS = {'rows': rows(23), 'ties': with_ties(), 'near': near_ties()}


@pytest.mark.parametrize('name', SETS)
def test_numbers_of_one_process_are_sample_indices(name):
    features = SETS[name]
    generator = torch.Generator().manual_seed(1)
    order = torch.randperm(len(features), generator=generator)
    expected = nearest_neighbors(features, 4)[order]
    for chunk_size in (3, 4096):
        found = nearest_neighbors(
            features[order], 4, sample_idx=order, chunk_size=chunk_size
        )
        assert found.tolist() == expected.tolist()


def search_shard(rank, folder, name):
    """Uneven shards, in an order of their own; the last may be empty."""
    features = SETS[name]
    world_size = dist.get_world_size()
    if world_size == 3 and name == 'rows':
        idx = torch.arange(len(features)).tensor_split([14, 23])[rank]
    else:
        order = torch.randperm(
            len(features), generator=torch.Generator().manual_seed(2)
        )
        idx = order.tensor_split([5, 9][: world_size - 1])[rank]
    for chunk_size in (3, 4096):
        found = nearest_neighbors(
            features[idx], 6, sample_idx=idx, chunk_size=chunk_size
        )
        torch.save((idx, found), f'{folder}/{rank}-{chunk_size}.pth')
    blocks = RowBlocks(Shard(features[idx], idx), 5)
    found = search(blocks, 6, ('tf32', 'fp32'))
    torch.save((idx, found), f'{folder}/{rank}-tf32.pth')
    half = features[idx].bfloat16()
    found = nearest_neighbors(half, 6, sample_idx=idx, chunk_size=5)
    torch.save((idx, found), f'{folder}/{rank}-bf16.pth')


@pytest.mark.parametrize('name', SETS)
@pytest.mark.parametrize('world_size', [2, 3])
def test_same_neighbours_for_any_number_of_processes(
    world_size, name, tmp_path
):
    run_processes(search_shard, world_size, str(tmp_path), name)
    expected = nearest_neighbors(SETS[name], 6)
    for kind in (3, 4096, 'tf32'):
        seen = []
        for rank in range(world_size):
            idx, found = torch.load(tmp_path / f'{rank}-{kind}.pth')
            assert found.tolist() == expected[idx].tolist()
            seen += idx.tolist()
        assert sorted(seen) == list(range(len(SETS[name])))
    expected = nearest_neighbors(SETS[name].bfloat16(), 6)
    for rank in range(world_size):
        idx, found = torch.load(tmp_path / f'{rank}-bf16.pth')
        assert torch.equal(found, expected[idx])


def reject_on_all_ranks(rank):
    features, idx = rows(8), torch.arange(8)[rank::2]
    with pytest.raises(ValueError, match='k = 8 and 8 rows'):
        nearest_neighbors(features[idx], 8, sample_idx=idx)
    with pytest.raises(ValueError, match=r'2 are missing, the first \[0, 7\]'):
        nearest_neighbors(features[idx], 2, sample_idx=idx.clamp(min=1, max=6))
    features[5] = float('nan')
    with pytest.raises(NonFiniteFeaturesError, match=r'1 of 8 .* \[5\]'):
        nearest_neighbors(features[idx], 2, sample_idx=idx)


def test_all_ranks_hear_of_bad_input():
    run_processes(reject_on_all_ranks, 2)


@pytest.mark.parametrize(
    ('features', 'options', 'match'),
    [
        (torch.ones(4, 2), dict(k=4), 'k = 4 and 4 rows'),
        (torch.ones(4, 2), dict(k=0), 'k = 0'),
        (torch.ones(4), dict(k=1), r'shape \(4,\)'),
        (torch.ones(4, 2).long(), dict(k=1), 'int64'),
        (torch.ones(4, 2), dict(k=1, chunk_size=0), 'chunk_size .* got 0'),
        (
            torch.ones(4, 2),
            dict(k=1, sample_idx=torch.arange(3)),
            r'each of the 4 rows, got shape \(3,\)',
        ),
        (
            torch.ones(4, 2),
            dict(k=1, sample_idx=torch.tensor([0, 1, 2, 4])),
            r'1 are missing, the first \[3\]',
        ),
        (torch.ones(4, 2) / 0, dict(k=1), '4 of 4 rows'),
    ],
)
def test_rejects(features, options, match):
    with pytest.raises(ValueError, match=match):
        nearest_neighbors(features, **options)
