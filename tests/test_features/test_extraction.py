from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist

from hirl_mm.features import NonFiniteFeaturesError, extract_features
from hirl_mm.features.shard import absent_samples, first_holders
from tests.processes import run_processes
from tests.ranks import on_ranks


def batches(sample_idx, size=3):
    """What a loader yields; the feature of sample i is (i, i squared)."""
    for start in range(0, len(sample_idx), size):
        part = sample_idx[start : start + size]
        yield dict(
            inputs=torch.tensor([[i, i * i] for i in part]).float(),
            data_samples=[SimpleNamespace(sample_idx=i) for i in part],
        )


def extract(sample_idx, num_samples):
    return extract_features(
        lambda batch: batch['inputs'], batches(sample_idx), num_samples
    )


def test_rows_keep_the_order_of_the_loader():
    idx, features = extract([4, 0, 2, 1, 3], 5)
    assert idx.tolist() == [4, 0, 2, 1, 3]
    assert torch.equal(features[:, 0], idx.float())
    assert torch.equal(features[:, 1], idx.float().square())


def test_a_sample_that_comes_twice_counts_once():
    idx, features = extract([0, 1, 2, 3, 0, 1], 4)
    assert idx.tolist() == [0, 1, 2, 3]
    assert features[:, 0].tolist() == [0, 1, 2, 3]


def test_features_carry_no_graph():
    weight = torch.ones(2, requires_grad=True)
    _, features = extract_features(
        lambda batch: batch['inputs'] * weight, batches([0, 1]), 2
    )
    assert not features.requires_grad


@pytest.mark.parametrize(
    ('sample_idx', 'message'),
    [
        ([0, 1, 2, 0, 1, 2], '0 to 5, but 0 lie outside and 3 are missing'),
        ([0, 1, 2, 3, 4, 6], '0 to 5, but 1 lie outside'),
        ([0, 1, 2, -1, 4, 5], '1 lie outside'),
    ],
)
def test_indices_that_are_not_those_of_the_samples(sample_idx, message):
    with pytest.raises(ValueError, match=message):
        first_holders(torch.tensor(sample_idx), 6)


def test_samples_with_features_that_are_not_finite():
    def broken(batch):
        features = batch['inputs'].clone()
        features[features[:, 0] > 6, 1] = float('inf')
        return features

    with pytest.raises(NonFiniteFeaturesError, match=r'3 .*\[7, 8, 9\]') as e:
        extract_features(broken, batches(list(range(10))), 10)
    assert e.value.sample_idx == [7, 8, 9]


def padded_shards(rank, folder):
    """Three ranks of 8 samples: the sampler repeats the first to pad."""
    share = [*range(8), 0][rank :: dist.get_world_size()]
    idx, features = extract(share, 8)
    assert torch.equal(features[:, 0], idx.float())
    torch.save(idx, f'{folder}/{rank}.pth')


def test_padding_of_the_sampler_is_dropped(tmp_path):
    run_processes(padded_shards, 3, str(tmp_path))
    kept = [torch.load(tmp_path / f'{rank}.pth') for rank in range(3)]
    assert sorted(torch.cat(kept).tolist()) == list(range(8))


def all_ranks_hear(rank):
    def broken(batch):
        features = batch['inputs'].clone()
        features[features[:, 0] == 5] = float('nan')
        return features

    with pytest.raises(NonFiniteFeaturesError, match=r'1 of 8 rows.*\[5\]'):
        extract_features(broken, batches(list(range(8))[rank::2]), 8)


def test_all_ranks_hear_of_a_bad_feature():
    run_processes(all_ranks_hear, 2)


def partly(rank, unreadable, leave_out):
    """Extract in this rank the samples that it can read."""
    mine = [i for i in range(rank, 9, 2) if i not in leave_out]
    loader = [*batches(mine), dict(data_samples=[], unreadable=unreadable)]
    return extract_features(lambda batch: batch['inputs'], loader, 9)


def extract_partly(rank, folder):
    idx, _ = partly(rank, [4] if rank == 0 else [1, 7], leave_out=(1, 4, 7))
    absent = absent_samples(idx, 9).tolist()
    torch.save((idx.tolist(), absent), f'{folder}/{rank}.pth')
    with pytest.raises(ValueError, match='0 lie outside and 1 are missing'):
        partly(rank, [4], leave_out=(1, 4))


def test_unreadable_samples_are_left_out_on_all_ranks(tmp_path):
    run_processes(extract_partly, 2, tmp_path)
    found = [torch.load(tmp_path / f'{rank}.pth') for rank in range(2)]
    assert [absent for _, absent in found] == [[1, 4, 7], [1, 4, 7]]
    assert sorted(found[0][0] + found[1][0]) == [0, 2, 3, 5, 6, 8]


def test_nothing_can_be_read():
    with pytest.raises(ValueError, match='0 could read none of its 2 samples'):
        extract_features(None, [dict(data_samples=[], unreadable=[0, 1])], 2)


def test_all_ranks_hear_of_one_that_can_read_nothing():
    def read(rank):
        unreadable = dict(data_samples=[], unreadable=[1, 3])
        loader = [unreadable] if rank else batches([0, 2])
        with pytest.raises(
            ValueError, match='rank 1 could read none of its 2'
        ):
            extract_features(lambda batch: batch['inputs'], loader, 4)

    on_ranks(2, read)


def test_all_ranks_hear_of_indices_that_are_not_those_of_the_samples():
    def keep(rank):
        idx = torch.tensor([[0, 2], [1, 3, 4, -1]][rank])
        with pytest.raises(
            ValueError, match='2 lie outside and 0 are missing'
        ):
            first_holders(idx, 4)

    on_ranks(2, keep)
