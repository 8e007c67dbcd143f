"""What holds for rows that are spread over ranks in any way."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from hirl_mm.features import FeatureBank, Shard
from hirl_mm.features.shard import (
    absent_samples,
    first_holders,
    number_present,
    share_of_this_rank,
)
from tests.property_inputs import any_rows, shares
from tests.ranks import on_ranks


@st.composite
def uneven_shares(draw, num, most=12):
    """Numbers below ``num`` of every rank; some come often, some never."""
    number = st.lists(st.integers(0, num - 1), max_size=most)
    return draw(st.lists(number, min_size=1, max_size=4))


@given(any_rows(), st.data())
def test_every_rank_sees_the_whole_set(x, data):
    parts = data.draw(shares(len(x)))
    wanted = data.draw(st.lists(st.integers(0, len(x) - 1), max_size=9))
    wanted = torch.tensor(wanted).long()

    def see(rank):
        shard = Shard(x[parts[rank]], parts[rank])
        total = shard.total_of(x[parts[rank], 0])
        return (
            shard.total,
            shard.rows(wanted),
            shard.gather(parts[rank]),
            total,
        )

    for total, rows, gathered, summed in on_ranks(len(parts), see):
        assert total == len(x)
        assert torch.equal(rows, x[wanted])
        assert gathered.tolist() == list(range(len(x)))
        assert abs(summed - float(x[:, 0].double().sum())) < 1e-9


@given(any_rows(), st.integers(1, 5))
def test_shares_of_ranks_are_the_whole(x, world_size):
    found = on_ranks(world_size, lambda rank: share_of_this_rank(x))
    numbers = torch.cat([idx for _, idx in found])
    assert sorted(numbers.tolist()) == list(range(len(x)))
    assert torch.equal(torch.cat([rows for rows, _ in found]), x[numbers])
    sizes = [len(idx) for _, idx in found]
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 12), st.data())
def test_samples_that_some_rank_holds_are_numbered_without_gaps(num, data):
    kept = sorted(data.draw(st.sets(st.integers(0, num - 1))))
    parts = data.draw(shares(len(kept)))
    parts = [torch.tensor(kept).long()[part] for part in parts]
    found = on_ranks(
        len(parts),
        lambda rank: (
            *number_present(parts[rank], num),
            absent_samples(parts[rank], num),
        ),
    )
    for part, (present, numbers, absent) in zip(parts, found, strict=True):
        assert present.tolist() == kept
        assert absent.tolist() == sorted(set(range(num)) - set(kept))
        assert torch.equal(present[numbers], part)


@given(st.integers(1, 9), st.data())
def test_of_rows_that_repeat_one_is_kept(num, data):
    parts = data.draw(uneven_shares(num))
    # Whatever is drawn, the last rank holds all.
    parts[-1] = [*parts[-1], *range(num)]
    idx = [torch.tensor(part).long() for part in parts]
    found = on_ranks(
        len(parts), lambda rank: first_holders(idx[rank], num).tolist()
    )
    kept, before = [], set()
    for part, keep in zip(parts, found, strict=True):
        for place, (sample, is_kept) in enumerate(
            zip(part, keep, strict=True)
        ):
            first = sample not in part[:place] and sample not in before
            assert is_kept == first
            kept += [sample] * is_kept
        before |= set(part)
    assert sorted(kept) == list(range(num))


@given(st.integers(1, 9), st.integers(1, 5), st.data())
def test_a_bank_keeps_the_last_row_of_the_first_rank(num, size, data):
    """Over two epochs of its own samples, in batches of any size."""
    epochs = [data.draw(uneven_shares(num)) for _ in range(2)]
    world_size = min(map(len, epochs))
    epochs = [parts[:world_size] for parts in epochs]

    def train(rank):
        bank = FeatureBank(capacity=12)
        bank.add(torch.empty(0).long(), torch.empty(0, 2))
        for parts in epochs:
            bank.clear()
            for step, part in enumerate(torch.tensor(parts[rank]).split(size)):
                rows = torch.stack([part, part * 0 + step], 1).float()
                bank.add(part.long(), rows)
        return (bank.missing(num), *bank.kept(num))

    found = on_ranks(world_size, train)
    seen, expected = set(), []
    for part in epochs[-1]:
        last = {sample: place // size for place, sample in enumerate(part)}
        expected.append({s: step for s, step in last.items() if s not in seen})
        seen |= set(part)
    for (missing, idx, rows), mine in zip(found, expected, strict=True):
        assert missing.tolist() == sorted(set(range(num)) - seen)
        assert sorted(idx.tolist()) == sorted(mine)
        assert rows.tolist() == [[s, mine[s]] for s in idx.tolist()]
