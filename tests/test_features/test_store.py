"""Features on disk: complete, in order, and of what they say."""

import json

import numpy as np
import pytest
import torch

from hirl_mm.features import NonFiniteFeaturesError
from hirl_mm.features.store import (
    FeatureStoreError,
    merge_shards,
    open_features,
    remove_store,
    stored_facts,
    stored_samples,
    write_shard,
)
from hirl_mm.features.store_checksums import damaged_file
from tests.processes import run_processes
from tests.samples import samples

FACTS = dict(checkpoint='abc', num_samples=7)


def rows_of(indices, dim=3):
    """A row that tells its sample."""
    idx = torch.as_tensor(indices, dtype=torch.float32)
    return idx[:, None] + torch.arange(dim) / 8


def batches(*parts):
    return [
        dict(inputs=rows_of(part), data_samples=samples(part))
        for part in parts
    ]


def rows(batch):
    return batch['inputs']


def write(folder, *parts, half=False, num=7):
    write_shard(rows, batches(*parts), folder, half)
    merge_shards(folder, num, FACTS)


def test_rows_come_in_the_order_of_the_samples(tmp_path):
    write(tmp_path, [3, 0, 6], [5, 1], [2, 4])
    features = open_features(tmp_path)
    assert features.dtype == torch.float32
    torch.testing.assert_close(features, rows_of(range(7)))
    assert stored_facts(tmp_path) == FACTS
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'checksums.json',
        'features.npy',
        'manifest.json',
    ]


def test_half_takes_half_the_space(tmp_path):
    write(tmp_path, [3, 0, 6], [5, 1], [2, 4], half=True)
    features = open_features(tmp_path)
    assert features.dtype == torch.float16
    torch.testing.assert_close(features.float(), rows_of(range(7)))


def test_half_holds_rows_whose_sum_it_cannot_hold(tmp_path):
    def large(batch):
        return torch.full((len(batch['data_samples']), 900), 100.0)

    write_shard(large, batches([0, 1]), tmp_path, half=True)
    merge_shards(tmp_path, 2, FACTS)
    assert (open_features(tmp_path) == 100).all()


def write_in_process(rank, folder):
    mine = list(range(7))[rank::3]
    write_shard(rows, batches(mine[:1], mine[1:]), folder)
    torch.distributed.barrier()
    if rank == 0:
        merge_shards(folder, 7, FACTS)


def test_shards_of_three_processes_make_one_file(tmp_path):
    run_processes(write_in_process, 3, tmp_path)
    torch.testing.assert_close(open_features(tmp_path), rows_of(range(7)))


def test_more_rows_than_are_merged_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr('hirl_mm.features.store._MERGED_AT_A_TIME', 2)
    write(tmp_path, [3, 0, 6, 5, 1, 2, 4])
    torch.testing.assert_close(open_features(tmp_path), rows_of(range(7)))


def test_nothing_is_stored_before_all_is(tmp_path):
    assert stored_facts(tmp_path) is None
    write_shard(rows, batches([0, 1, 2]), tmp_path)
    assert stored_facts(tmp_path) is None
    with pytest.raises(FeatureStoreError, match='features of 4 of'):
        merge_shards(tmp_path, 7, FACTS)
    assert stored_facts(tmp_path) is None


@pytest.mark.parametrize('value', [float('nan'), float('inf'), 1e5])
def test_features_that_cannot_be_stored(value, tmp_path):
    def broken(batch):
        out = rows(batch).clone()
        out[1, 2] = value
        return out

    with pytest.raises(NonFiniteFeaturesError) as error:
        write_shard(broken, batches([4, 2]), tmp_path, half=True)
    assert error.value.sample_idx == [2]
    assert stored_facts(tmp_path) is None


def test_features_are_read_where_they_are_used(tmp_path):
    write(tmp_path, list(range(7)))
    features = open_features(tmp_path)
    features[0] = 9
    torch.testing.assert_close(open_features(tmp_path), rows_of(range(7)))


def test_broken_files(tmp_path):
    write(tmp_path, list(range(7)))
    content = (tmp_path / 'features.npy').read_bytes()
    (tmp_path / 'features.npy').write_bytes(content[:-8])
    with pytest.raises(FeatureStoreError, match='extract the features again'):
        open_features(tmp_path)
    (tmp_path / 'manifest.json').write_text('[1')
    with pytest.raises(FeatureStoreError, match='is not the manifest'):
        stored_facts(tmp_path)


def test_removed(tmp_path):
    write(tmp_path / 'store', list(range(7)))
    remove_store(tmp_path / 'store')
    assert not (tmp_path / 'store').exists()
    remove_store(tmp_path / 'store')


def test_other_libraries_read_it(tmp_path):
    write(tmp_path, list(range(7)))
    stored = np.load(tmp_path / 'features.npy')
    assert stored.shape == (7, 3)
    assert json.loads((tmp_path / 'manifest.json').read_text()) == FACTS


@pytest.mark.parametrize('parts', [[0, 1, 2, 2], [0, 1, 2, 3, 4]])
def test_indices_that_are_not_those_of_the_samples(parts, tmp_path):
    with pytest.raises(FeatureStoreError, match='samples have the same index'):
        write(tmp_path, parts, num=4)


def test_unreadable_samples_have_no_rows(tmp_path):
    readable = [*batches([3, 6], [5, 1])]
    readable[1]['unreadable'] = [0]
    left_out = dict(data_samples=[], unreadable=[2, 4])
    write_shard(rows, [*readable, left_out], tmp_path)
    merge_shards(tmp_path, 7, FACTS)
    samples = stored_samples(tmp_path, 7)
    assert samples.tolist() == [1, 3, 5, 6]
    torch.testing.assert_close(open_features(tmp_path), rows_of(samples))


def test_all_samples_are_read(tmp_path):
    write(tmp_path, [3, 0, 6], [5, 1], [2, 4])
    assert stored_samples(tmp_path, 7).tolist() == list(range(7))


def test_no_sample_can_be_read(tmp_path):
    write_shard(rows, [dict(data_samples=[], unreadable=[0, 1])], tmp_path)
    with pytest.raises(FeatureStoreError, match='none of the 2 samples could'):
        merge_shards(tmp_path, 2, FACTS)


@pytest.mark.parametrize('name', ['features.npy', 'samples.npy'])
def test_damaged_file(name, tmp_path):
    left_out = dict(data_samples=[], unreadable=[0, 1, 2, 4, 5])
    write_shard(rows, [*batches([3, 6]), left_out], tmp_path)
    merge_shards(tmp_path, 7, FACTS)
    assert damaged_file(tmp_path) is None
    content = bytearray((tmp_path / name).read_bytes())
    content[-2] ^= 1
    (tmp_path / name).write_bytes(content)
    assert damaged_file(tmp_path) == tmp_path / name
    (tmp_path / name).unlink()
    assert damaged_file(tmp_path) == tmp_path / name
    (tmp_path / 'checksums.json').write_text('[1')
    assert damaged_file(tmp_path) == tmp_path / 'checksums.json'
