import pytest
import torch

from hirl_mm.features import FeatureBank, NonFiniteFeaturesError
from tests.processes import run_processes
from tests.ranks import on_ranks


def fill(bank, sample_idx, step=0, size=3):
    """Batches; the row of sample i is (i, step)."""
    for start in range(0, len(sample_idx), size):
        part = torch.tensor(sample_idx[start : start + size])
        bank.add(part, torch.stack([part, part * 0 + step], 1).float())


def test_rows_in_the_order_of_the_batches():
    bank = FeatureBank(7)
    fill(bank, [4, 0, 2, 1, 3])
    idx, features = bank.rows()
    assert len(bank) == 5
    assert idx.tolist() == [4, 0, 2, 1, 3]
    assert features[:, 0].tolist() == [4, 0, 2, 1, 3]


def test_rows_are_float32_copies_without_a_graph():
    bank = FeatureBank(4)
    features = torch.full((4, 2), 1.5, dtype=torch.half, requires_grad=True)
    bank.add(torch.arange(4), features * 2)
    with torch.no_grad():
        features.zero_()
    _, rows = bank.rows()
    assert rows.dtype == torch.float32 and not rows.requires_grad
    assert torch.equal(rows, torch.full((4, 2), 3.0))


def test_memory_is_that_of_the_capacity_and_stays():
    bank = FeatureBank(6)
    fill(bank, [0, 1, 2])
    memory = [part.untyped_storage() for part in bank.rows()]
    assert [part.nbytes() for part in memory] == [6 * 8, 6 * 2 * 4]
    for step in range(3):
        bank.clear()
        assert len(bank) == len(bank.rows()[0]) == 0
        fill(bank, [5, 4, 3, 2, 1, 0], step)
        parts = [*bank.rows(), *bank.kept(6)]
        places = [part.untyped_storage().data_ptr() for part in parts]
        assert places == 2 * [part.data_ptr() for part in memory]
        assert bank.rows()[1].tolist() == [[i, step] for i in range(5, -1, -1)]


def test_of_a_sample_that_comes_twice_the_latest_row_counts():
    bank = FeatureBank(8)
    fill(bank, [4, 0, 2], step=1)
    fill(bank, [2, 3, 4], step=2)
    idx, features = bank.kept(5)
    assert idx.tolist() == [0, 2, 3, 4]
    assert features.tolist() == [[0, 1], [2, 2], [3, 2], [4, 2]]
    assert len(bank) == 6


def test_missing_samples():
    bank = FeatureBank(8)
    fill(bank, [4, 0, 2, 0])
    assert bank.missing(7).tolist() == [1, 3, 5, 6]
    bank.clear()
    assert bank.missing(3).tolist() == [0, 1, 2]


def test_samples_of_other_data_hold_none_of_these():
    bank = FeatureBank(3)
    fill(bank, [-1, 4, 2])
    assert bank.missing(4).tolist() == [0, 1, 3]


def test_room_for_the_missing():
    """They are extracted behind the epoch and added like a batch."""
    bank = FeatureBank(5)
    fill(bank, [3, 0, 4], step=1)
    fill(bank, bank.missing(5).tolist(), step=2)
    assert not len(bank.missing(5))
    idx, features = bank.kept(5)
    assert sorted(idx.tolist()) == list(range(5))
    assert features[idx == 2].tolist() == [[2, 2]]


def test_more_rows_than_it_has_room_for():
    bank = FeatureBank(4)
    fill(bank, [0, 1, 2])
    with pytest.raises(ValueError, match='4 rows holds 3 .* 2 more: call cl'):
        fill(bank, [3, 4])
    fill(bank, [3])
    assert bank.rows()[0].tolist() == [0, 1, 2, 3]


def test_without_room():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        FeatureBank(0)


def test_never_filled():
    for read in (
        FeatureBank.rows,
        lambda bank: bank.kept(3),
        lambda bank: bank.missing(3),
    ):
        with pytest.raises(ValueError, match=r'has no features: .*set_bank\('):
            read(FeatureBank(3))


@pytest.mark.parametrize('shape', [(3, 2), (2, 3), (2,), (2, 2, 1)])
def test_shapes_that_do_not_fit(shape):
    bank = FeatureBank(9)
    bank.add(torch.arange(2), torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r'expected \(2, 2\) for'):
        bank.add(torch.arange(2), torch.zeros(shape))


@pytest.mark.parametrize('shape', [(3, 2), (2,), (2, 2, 1)])
def test_first_rows_that_do_not_fit(shape):
    bank = FeatureBank(9)
    with pytest.raises(ValueError, match=r'indices \(B,\) and features \(B,'):
        bank.add(torch.arange(2), torch.zeros(shape))
    bank.add(torch.arange(2), torch.zeros(2, 5))


@pytest.mark.parametrize('sample', [-1, 5])
def test_samples_of_other_data(sample):
    bank = FeatureBank(3)
    fill(bank, [0, sample, 2])
    with pytest.raises(ValueError, match=r'1 of the .* lie outside \[0, 5\)'):
        bank.kept(5)


def two_ranks(rank, folder):
    """Of 8 samples 3 and 6 come twice, over ranks and on one; 5 never."""
    bank = FeatureBank(6)
    fill(bank, [[0, 3, 6, 6], [7, 1, 3, 2, 4]][rank], step=rank)
    torch.save([bank.missing(8), *bank.kept(8)], f'{folder}/{rank}.pth')


def test_two_processes_keep_each_sample_once(tmp_path):
    run_processes(two_ranks, 2, str(tmp_path))
    zero, one = (torch.load(tmp_path / f'{rank}.pth') for rank in range(2))
    for missing, _, _ in (zero, one):
        assert missing.tolist() == [5]
    assert zero[1].tolist() == [0, 3, 6]
    assert one[1].tolist() == [7, 1, 2, 4]
    for rank, (_, idx, features) in enumerate((zero, one)):
        assert features.tolist() == [[i, rank] for i in idx.tolist()]


def all_ranks_hear(rank):
    bank = FeatureBank(4)
    fill(bank, list(range(8))[rank::2])
    if rank == 1:
        bank.rows()[1][2, 0] = float('nan')
    with pytest.raises(NonFiniteFeaturesError, match=r'1 of 8 rows.*\[5\]'):
        bank.kept(8)


def test_all_ranks_hear_of_a_bad_feature():
    run_processes(all_ranks_hear, 2)


def test_all_ranks_hear_of_samples_of_other_data():
    def keep(rank):
        bank = FeatureBank(3)
        fill(bank, [[0, 2], [1, 3, 9]][rank])
        with pytest.raises(
            ValueError, match=r'1 of the .* lie outside \[0, 4'
        ):
            bank.kept(4)

    on_ranks(2, keep)
