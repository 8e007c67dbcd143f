import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from hirl_mm.checkpoints import read_checkpoint
from hirl_mm.files import replacing

from .plain_batch import plain_batch, rebuilt_batch

# Folder inside the work_dir of a run.
BAD_BATCHES_FOLDER = 'bad_batches'


@dataclass(frozen=True)
class KeptBatch:
    """A batch with a broken loss, and what is needed to run it again.

    Attributes:
        batch: The batch as the model's ``train_step`` got it.
        why: What was found.
        losses: What the step has returned, by name.
        epoch: Epoch of the step, counted from 1.
        iteration: Iteration of the step, counted from 1.
        rank: Rank that got the batch.
        seed: Seed of the run; None if it has none.
        max_epochs: Number of epochs of the training.
        max_iters: Number of iterations of the training.
        rates: Learning rate of every parameter group of the optimizer.
        checkpoint: Newest checkpoint before the step; None if there is none.
        random: PyTorch's random states before the step.
        num_views_made: Number of batches whose views the device has made
            before this one; None if the views come from the workers.
    """

    batch: object
    why: str
    losses: Mapping[str, float]
    epoch: int
    iteration: int
    rank: int
    seed: int | None
    max_epochs: int
    max_iters: int
    rates: Sequence[float]
    checkpoint: str | None
    random: Mapping[str, Tensor] = field(default_factory=dict)
    num_views_made: int | None = None

    def images(self) -> list[str]:
        """Return the paths of the images of the batch, as far as known."""
        return _paths_in(self.batch)

    def file_name(self) -> str:
        """Return the name of the file that the batch is kept in."""
        return f'epoch_{self.epoch}_iter_{self.iteration}_rank_{self.rank}.pth'

    def save(self, folder: str | os.PathLike) -> Path:
        """Write the batch and return the path of the file.

        Args:
            folder: Where to write; it is created if it is missing.
        """
        state = {f.name: getattr(self, f.name) for f in fields(self)}
        state |= dict(batch=plain_batch(self.batch), images=self.images())
        file = Path(folder) / self.file_name()
        with replacing(file) as temporary:
            torch.save(state, temporary)
        return file

    @classmethod
    def load(cls, file: str | os.PathLike, trust: bool = False) -> 'KeptBatch':
        """Read a file that :meth:`save` wrote, without running code from it.

        Args:
            file: Path of the file.
            trust: Whether it may run code.

        Raises:
            OSError: If the file is missing or cannot be read.
            ValueError: If it holds something else.
        """
        state = read_checkpoint(file, trust)
        state.pop('images', None)
        names = {f.name for f in fields(cls)}
        if set(state) != names:
            raise ValueError(
                f'{file} is not a batch that a training has kept: expected a '
                f'file of the folder {BAD_BATCHES_FOLDER} of a run'
            )
        return cls(**state | dict(batch=rebuilt_batch(state['batch'])))


def _paths_in(value: object) -> list[str]:
    if isinstance(value, BaseDataElement):
        path = value.get('img_path')
        return [] if path is None else [str(path)]
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [path for item in value for path in _paths_in(item)]
