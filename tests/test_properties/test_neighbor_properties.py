"""What holds for nearest neighbours, in any blocks and on any ranks."""

import math
import operator

import torch
from hypothesis import given
from hypothesis import strategies as st

from hirl_mm.features import (
    draw_members,
    draw_neighbors,
    nearest_neighbors,
    neighbor_table_of,
    top_k_neighbors,
)
from hirl_mm.features.nearest_rows import NearestRows
from hirl_mm.features.top_k import stable_top_k
from tests.property_inputs import (
    SEEDS,
    any_rows,
    grid_rows,
    shares,
)
from tests.ranks import on_ranks

CHUNKS = st.integers(1, 20)
TYPES = st.sampled_from([torch.float32, torch.float64, torch.bfloat16])


def fixed_point(rows):
    """Unit rows as whole numbers of 2^-26; zeros stay zeros."""
    units = []
    for row in rows.double().tolist():
        norm = math.sqrt(math.fsum(value * value for value in row)) or 1.0
        units.append([round(value / norm * 2**26) for value in row])
    return units


def nearest(query, others, k):
    """The k of the others, (row, number), of the largest products."""
    return [
        number
        for _, number in sorted(
            (-sum(map(operator.mul, query, other)), number)
            for other, number in others
        )[:k]
    ]


def naive_neighbors(rows, k):
    """Products of whole numbers, pair by pair; ties go to the smaller row."""
    units = fixed_point(rows)
    numbered = [(unit, number) for number, unit in enumerate(units)]
    return [
        nearest(unit, numbered[:i] + numbered[i + 1 :], k)
        for i, unit in enumerate(units)
    ]


@given(any_rows(least=2), TYPES, CHUNKS, st.data())
def test_neighbours_are_those_of_a_naive_search(x, dtype, chunk, data):
    """Copies, zeros and equal cosines included, on any ranks."""
    x = x.to(dtype)
    k = data.draw(st.integers(1, min(len(x) - 1, 12)))
    parts = data.draw(shares(len(x)))
    expected = torch.tensor(naive_neighbors(x, k))
    found = nearest_neighbors(x, k, chunk_size=chunk)
    assert torch.equal(found, expected)
    found = on_ranks(
        len(parts),
        lambda rank: nearest_neighbors(
            x[parts[rank]], k, sample_idx=parts[rank], chunk_size=chunk
        ),
    )
    assert torch.equal(torch.cat(found), expected[torch.cat(parts)])


@given(grid_rows(least=20, most=30), st.integers(1, 3), CHUNKS)
def test_of_more_equal_rows_than_candidates_the_first_are_found(x, k, chunk):
    found = nearest_neighbors(x, k, chunk_size=chunk)
    assert found.tolist() == naive_neighbors(x, k)


@given(grid_rows(least=2), st.data())
def test_images_that_were_not_read_are_nobodys_neighbours(x, data):
    num = len(x) + data.draw(st.integers(0, 4))
    kept = data.draw(st.permutations(range(num)))[: len(x)]
    kept = torch.tensor(sorted(kept))
    k = data.draw(st.integers(1, len(x) - 1))
    parts = data.draw(shares(len(x)))
    expected = torch.arange(num)[:, None].repeat(1, k)
    expected[kept] = kept[torch.tensor(naive_neighbors(x, k))]
    found = on_ranks(
        len(parts),
        lambda rank: neighbor_table_of(
            x[parts[rank]], k, sample_idx=kept[parts[rank]], num_samples=num
        ),
    )
    for table in found:
        assert torch.equal(table, expected)


@given(any_rows(), CHUNKS, st.data())
def test_nearest_of_a_gallery_are_those_of_a_naive_search(x, chunk, data):
    """Up to rounding: what is found has the largest cosines there are."""
    queries = x[: data.draw(st.integers(1, len(x)))]
    k = data.draw(st.integers(1, len(x)))
    similarity, idx = top_k_neighbors(queries, x, k, chunk)
    unit = torch.nn.functional.normalize(x.double(), dim=1)
    cosines = unit[: len(queries)] @ unit.T
    best = cosines.sort(dim=1, descending=True).values[:, :k]
    torch.testing.assert_close(similarity.double(), best, atol=1e-5, rtol=0)
    torch.testing.assert_close(cosines.gather(1, idx), best, atol=1e-5, rtol=0)
    assert all(len(row.unique()) == k for row in idx)


@st.composite
def axes(draw):
    """Rows along the axes, whose cosines are exact: 0, 1 and -1."""
    row = st.tuples(st.integers(0, 2), st.sampled_from([-4.0, 0.5, 1.0]))
    rows = draw(st.lists(row, min_size=1, max_size=20))
    return torch.stack([torch.eye(3)[axis] * scale for axis, scale in rows])


@given(axes(), CHUNKS, st.data())
def test_equal_cosines_are_in_the_order_of_the_gallery(x, chunk, data):
    k = data.draw(st.integers(1, len(x)))
    _, idx = top_k_neighbors(x, x, k, chunk)
    units = [(unit, number) for number, unit in enumerate(fixed_point(x))]
    assert idx.tolist() == [nearest(unit, units, k) for unit, _ in units]


@given(st.integers(1, 3), st.integers(1, 6), st.booleans(), st.data())
def test_rows_nearest_to_prototypes_are_the_same_in_any_batches(
    num_parts, k, one_per_sample, data
):
    """Sample s has rows s * M to s * M + M - 1."""
    x = data.draw(grid_rows(least=num_parts))
    rows = x[: len(x) // num_parts * num_parts].unflatten(0, (-1, num_parts))
    prototypes = data.draw(grid_rows(most=4))
    prototypes = torch.nn.functional.pad(prototypes, (0, 4))[:, : x.size(1)]
    search = NearestRows(prototypes, k, one_per_sample)
    size = data.draw(st.integers(1, 6))
    for numbers in torch.arange(len(rows)).split(size):
        search.update(rows[numbers], numbers)
    units = [(unit, i) for i, unit in enumerate(fixed_point(prototypes))]
    numbered = [
        (unit, i) for i, unit in enumerate(fixed_point(rows.flatten(0, 1)))
    ]
    owners = [nearest(unit, units, 1)[0] for unit, _ in numbered]
    assert search.counts.tolist() == [owners.count(i) for _, i in units]
    for place, (unit, _) in enumerate(units):
        best = nearest(unit, numbered, len(numbered))
        if one_per_sample:
            first = {number // num_parts: number for number in best[::-1]}
            best = [n for n in best if first[n // num_parts] == n]
        for part, expected in (
            ('sample_idx', [n // num_parts for n in best[:k]]),
            ('part', [n % num_parts for n in best[:k]]),
            ('owner', [owners[n] for n in best[:k]]),
        ):
            assert getattr(search.found, part)[place].tolist() == expected


@given(grid_rows(), st.integers(1, 6))
def test_the_first_of_equal_values_is_selected(values, k):
    top, idx = stable_top_k(values, k)
    for row, best, columns in zip(values, top, idx, strict=True):
        order = sorted(range(len(row)), key=lambda i: (-float(row[i]), i))
        assert columns.tolist() == order[:k]
        assert torch.equal(best, row[columns])


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=20), SEEDS)
def test_positives_are_other_images_of_the_cluster(labels, seed):
    labels = torch.tensor(labels)
    generator = torch.Generator().manual_seed(seed)
    drawn = draw_members(labels, 3, generator)
    for image, (label, found) in enumerate(zip(labels, drawn, strict=True)):
        alone = label < 0 or int((labels == label).sum()) == 1
        assert (labels[found] == label).all()
        assert ((found == image) == alone).all()


@given(st.integers(1, 8), st.integers(1, 8), SEEDS, st.data())
def test_drawn_neighbours_are_different_ones(rows, k, seed, data):
    num = data.draw(st.integers(1, k))
    neighbors = torch.arange(rows * k).reshape(rows, k)
    generator = torch.Generator().manual_seed(seed)
    drawn = draw_neighbors(neighbors, num, generator)
    assert drawn.shape == (rows, num)
    for own, found in zip(neighbors.tolist(), drawn.tolist(), strict=True):
        assert len(set(found)) == num and set(found) <= set(own)
