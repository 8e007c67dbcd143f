"""Batches that a thread prepares ahead."""

import threading
from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from hirl_mm.engine.runtime.prefetched_loader import (
    PrefetchedLoader,
    prefetched,
)

CPU = torch.device('cpu')


class Numbers(Dataset):
    def __init__(self, num, broken):
        self.num, self.broken = num, broken

    def __len__(self):
        return self.num

    def __getitem__(self, index):
        if index == self.broken:
            raise OSError(f'cannot read {index}')
        return dict(inputs=torch.tensor(index))


def loader(prepare=lambda batch: batch, broken=None, num=7, num_workers=1):
    return PrefetchedLoader(
        DataLoader(
            Numbers(num, broken), batch_size=2, num_workers=num_workers
        ),
        prepare,
        CPU,
    )


def threads():
    return [t for t in threading.enumerate() if t.name.startswith('prepare')]


def test_order_and_length():
    calls = []

    def prepare(batch):
        calls.append(batch['inputs'].tolist())
        return batch | dict(inputs=batch['inputs'] * 10)

    batches = loader(prepare)
    for _ in range(2):
        found = [batch['inputs'].tolist() for batch in batches]
        assert found == [[0, 10], [20, 30], [40, 50], [60]]
        assert not threads()
    assert calls == 2 * [[0, 1], [2, 3], [4, 5], [6]]
    assert len(batches) == 4 and batches.batch_size == 2


def test_one_batch_is_prepared_ahead():
    """And no more, since each takes memory of the device."""
    ahead = threading.Semaphore(0)
    numbers = []

    def prepare(batch):
        numbers.append(len(numbers))
        ahead.release()
        return batch

    for index, _ in enumerate(loader(prepare)):
        if index == 0:
            # The batch in hand, one in the queue, one that waits for it.
            for _ in range(3):
                assert ahead.acquire(timeout=60)
            assert not ahead.acquire(timeout=0.2)


@pytest.mark.parametrize('broken', [0, 5])
def test_errors_of_the_workers(broken):
    with pytest.raises(OSError, match=f'cannot read {broken}'):
        list(loader(broken=broken))
    assert not threads()


def test_errors_of_the_views():
    def prepare(batch):
        raise ValueError('no views')

    with pytest.raises(ValueError, match='no views'):
        list(loader(prepare))


def test_an_epoch_that_is_left_early():
    prepared = []

    def prepare(batch):
        prepared.append(batch)
        return batch

    batches = iter(loader(prepare, num=1000))
    next(batches)
    assert threads()
    batches.close()
    assert not threads()
    assert len(prepared) < 10


def test_without_workers():
    with pytest.raises(ValueError, match='num_workers=0'):
        loader(num_workers=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU')
def test_device_without_a_number():
    """The thread works on the device that is current where it is asked."""
    source = iter([dict(inputs=torch.ones(2))])
    prepare = partial(cast, device=torch.device('cuda'))
    (batch,) = prefetched(source, prepare, torch.device('cuda'))
    assert batch['inputs'].device.index == torch.cuda.current_device()


def cast(batch, device):
    return dict(inputs=batch['inputs'].to(device))
