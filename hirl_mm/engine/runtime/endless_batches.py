import itertools
from collections.abc import Generator
from typing import Any

from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import DataLoader

from hirl_mm.datasets.seeded_batches import SeededBatches


class EndlessBatches:
    """Go through the data loader of a training that counts iterations.

    It takes the place of MMEngine's iterator, which reads all batches of the
    iterations that a resumed run leaves out.

    Args:
        loader: Loader of the training.
        batches: Batch sampler of the loader.
        start: Number of batches to leave out. MMEngine's loop asks for each
            of them: ``next`` returns None at once as often, unless
            ``skip_iter`` is called, as by the loop of its fork.
    """

    def __init__(
        self, loader: DataLoader, batches: SeededBatches, start: int
    ) -> None:
        self.loader = loader
        self.batches = batches
        self._left_out = start
        sampler = self.batches.sampler
        if isinstance(sampler, InfiniteSampler):
            # Its one generator was closed with the iterator before.
            sampler.indices = sampler._indices_of_rank()
        self._stream = self._from(start)

    def __iter__(self) -> 'EndlessBatches':
        return self

    def __next__(self) -> dict | None:
        if self._left_out:
            self._left_out -= 1
            return None
        return next(self._stream)

    def skip_iter(self, num_iters: int) -> None:
        """Do not return None for some of the batches that are left out."""
        self._left_out = max(0, self._left_out - num_iters)

    def close(self) -> None:
        """End the workers.

        If the garbage collector does it, it waits for each until a timeout.
        """
        self._stream.close()
        self.loader._iterator = None  # of persistent workers

    def _from(self, start: int) -> Generator[Any, None, None]:
        first = 0
        if isinstance(self.batches.sampler, DefaultSampler):
            first, start = divmod(start, len(self.batches))
        # An endless sampler is left in its first pass, others have many.
        self.batches.skip = start
        for self.batches.epoch in itertools.count(first):
            self._set_epoch(self.batches.epoch)
            before = self.batches.skip
            empty = True
            for batch in self.loader:
                empty = False
                yield batch
            if empty and self.batches.skip == before:
                return

    def _set_epoch(self, epoch: int) -> None:
        if hasattr(self.batches.sampler, 'set_epoch'):
            self.batches.sampler.set_epoch(epoch)
