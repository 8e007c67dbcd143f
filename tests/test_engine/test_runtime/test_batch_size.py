from torch.utils.data import DataLoader

from hirl_mm.engine.runtime.batch_size import batch_sizes_of


class Unending:
    """A sampler without a length."""

    def __iter__(self):
        while True:
            yield 0


def test_the_last_batch_can_be_smaller():
    assert batch_sizes_of(DataLoader(range(7), batch_size=3)) == {3, 1}
    loader = DataLoader(range(7), batch_size=3, drop_last=True)
    assert batch_sizes_of(loader) == {3}
    assert batch_sizes_of(DataLoader(range(2), batch_size=3)) == {2}


def test_the_last_batch_of_a_sampler_without_a_length_is_not_known():
    loader = DataLoader(range(7), batch_size=3, sampler=Unending())
    assert batch_sizes_of(loader) == set()
