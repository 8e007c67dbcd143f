"""Batches of a training whose samples have random numbers of their own."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Protocol, overload

from torch.utils.data import Sampler, get_worker_info

from hirl_mm.seeding import kept_cpu_states, seed_cpu


class SeededBatch(Sequence[int]):
    """Indices of a batch that seed the random numbers of its samples.

    A data loader reads a batch by going through its indices. Before it gets
    an index, the generators of Python, NumPy and PyTorch on the CPU are
    seeded for this sample; a process without workers gets its own states
    back at the end.

    Args:
        indices: Indices of samples.
        key: Numbers that no other batch with the same ``first`` has.
        first: Number of samples before this batch.
    """

    def __init__(
        self, indices: Iterable[int], key: tuple[int, ...], first: int
    ) -> None:
        self.indices = tuple(indices)
        self.key = key
        self.first = first

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, place: int) -> int: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[int, ...]: ...

    def __getitem__(self, place: int | slice) -> int | tuple[int, ...]:
        return self.indices[place]

    def __iter__(self) -> Iterator[int]:
        in_worker = get_worker_info() is not None
        with nullcontext() if in_worker else kept_cpu_states():
            for number, index in enumerate(self.indices, self.first):
                seed_cpu(*self.key, number)
                yield index


class Batches(Protocol):
    """What a batch sampler has: the indices of the samples of batches."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sequence[int]]: ...


class SeededBatches:
    """A batch sampler whose batches seed the random numbers of their samples.

    The random numbers of a sample depend on the seed, the rank, the epoch and
    the place of the sample in the epoch of this rank: not on the number of
    workers, and not on what was drawn before. So a run that is resumed, even
    inside an epoch, makes the images that it would have made.

    Everything but the iteration is that of the batch sampler.

    Args:
        batches: Batch sampler of a data loader.

    Attributes:
        key: Seed and rank, or other numbers from 0 on.
        epoch: Number of the epoch, to be set before an epoch begins.
        skip: Number of batches to leave out from now on; no image of them is
            read.
    """

    sampler: Sampler  # of the batch sampler

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.key: tuple[int, ...] = (0, 0)
        self.epoch = 0
        self.skip = 0

    def __getattr__(self, name: str) -> object:
        if name == 'batches':  # while a copy is unpickled
            raise AttributeError(name)
        return getattr(self.batches, name)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[SeededBatch]:
        key = (*self.key, self.epoch)
        drawn = 0
        for indices in self.batches:
            batch = SeededBatch(indices, key, drawn)
            drawn += len(batch)
            if self.skip:
                self.skip -= 1
            else:
                yield batch
