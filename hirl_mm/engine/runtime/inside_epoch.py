"""Begin an epoch of a training at one of its later batches."""

from mmengine.runner import EpochBasedTrainLoop

from hirl_mm.datasets.seeded_batches import SeededBatches


def can_begin_inside(loop: EpochBasedTrainLoop) -> bool:
    """Whether the data loader of a training can leave out batches.

    Args:
        loop: Loop of the training.
    """
    batches = getattr(loop.dataloader, 'batch_sampler', None)
    return isinstance(batches, SeededBatches)


def begin_inside(loop: EpochBasedTrainLoop, first: int) -> None:
    """Let the next epoch of a loop begin at a later batch.

    Args:
        loop: Loop of the training.
        first: Number of batches to leave out; none of them is read. Hooks see
            the numbers that the batches have in the whole epoch.
    """
    loop.dataloader.batch_sampler.skip = first

    def run_iter(number: int, batch: object) -> None:
        type(loop).run_iter(loop, number + first, batch)

    loop.run_iter = run_iter


def end_inside(loop: EpochBasedTrainLoop) -> None:
    """Let the epochs after that of :func:`begin_inside` be whole."""
    vars(loop).pop('run_iter', None)
