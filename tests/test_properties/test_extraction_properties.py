"""What holds for features of samples in any batches, on any ranks."""

import tempfile
from types import SimpleNamespace

import torch
from hypothesis import given
from hypothesis import strategies as st
from mmengine.dataset import DefaultSampler

from hirl_mm.features import (
    extract_features,
    merge_shards,
    open_features,
    stored_facts,
    write_shard,
)
from hirl_mm.features.store import stored_samples
from tests.ranks import on_ranks


def feature(batch):
    """Of sample i: (i, i squared)."""
    number = batch['inputs'].float()
    return torch.stack([number, number.square()], 1)


def batches(numbers, size, unreadable):
    """What a loader yields that leaves out what it cannot read."""
    for start in range(0, len(numbers), size):
        part = numbers[start : start + size]
        read = [i for i in part if i not in unreadable]
        batch = dict(
            inputs=torch.tensor(read),
            data_samples=[SimpleNamespace(sample_idx=i) for i in read],
        )
        if len(read) < len(part):
            batch['unreadable'] = [i for i in part if i in unreadable]
        yield batch


@st.composite
def loaders(draw):
    """Number of samples and ranks, unreadable ones, and loaders of a rank.

    The sampler is that of a run: it may shuffle, and it repeats samples so
    that every rank has equally many. A share may be repeated as a whole.
    """
    num = draw(st.integers(1, 14))
    world_size = draw(st.integers(1, 4))
    unreadable = draw(st.sets(st.integers(0, num - 1), max_size=num - 1))
    size, times = draw(st.integers(1, 6)), draw(st.integers(1, 2))
    shuffle = draw(st.booleans())

    def loader():
        sampler = DefaultSampler(range(num), shuffle=shuffle, seed=0)
        return batches(list(sampler) * times, size, unreadable)

    return num, world_size, unreadable, loader


@given(loaders())
def test_every_sample_that_can_be_read_comes_once(drawn):
    """If some rank can read nothing, all of them say so."""
    num, world_size, unreadable, loader = drawn

    def extract(rank):
        numbers = [number for batch in loader() for number in batch['inputs']]
        try:
            return bool(numbers), *extract_features(feature, loader(), num)
        except ValueError as error:
            return bool(numbers), str(error), None

    found = on_ranks(world_size, extract)
    could_read, kept, rows = zip(*found, strict=True)
    if not all(could_read):
        first = could_read.index(False)
        assert kept[0].startswith(f'rank {first} could read none of its ')
        assert set(kept) == {kept[0]}
        return
    kept = torch.cat(kept)
    assert sorted(kept.tolist()) == sorted(set(range(num)) - unreadable)
    assert torch.equal(torch.cat(rows), feature(dict(inputs=kept)))


@given(loaders(), st.booleans())
def test_a_store_has_every_sample_that_can_be_read_in_order(drawn, half):
    num, world_size, unreadable, loader = drawn
    expected = torch.tensor(sorted(set(range(num)) - unreadable))
    with tempfile.TemporaryDirectory() as folder:
        on_ranks(
            world_size,
            lambda rank: write_shard(feature, loader(), folder, half),
        )
        assert stored_facts(folder) is None
        merge_shards(folder, num, dict(seed=3))
        assert stored_facts(folder) == dict(seed=3)
        found = open_features(folder).clone()
        assert torch.equal(stored_samples(folder, num), expected)
    assert found.dtype == (torch.float16 if half else torch.float32)
    assert torch.equal(found.float(), feature(dict(inputs=expected)))
