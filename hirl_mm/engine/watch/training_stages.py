"""Names of what a training does, noted while it does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.runner import EpochBasedTrainLoop, Runner

from .signs_of_life import SIGNS

# By the point at which a Runner calls its hooks: what it does then, and what
# it does afterwards, until the next point.
_STAGES = {
    'before_train': ('hooks before the training', 'the first epoch'),
    'before_train_epoch': (
        'hooks before epoch {epoch}',
        'waiting for the first batch of epoch {epoch}',
    ),
    'before_train_iter': ('hooks before {step}', 'the step of {step}'),
    'after_train_iter': ('hooks after {step}', 'waiting for {next_step}'),
    'after_train_epoch': ('hooks after epoch {epoch}', 'the end of an epoch'),
    'before_val_epoch': ('hooks before validation', 'validation'),
    'after_val_epoch': ('hooks after validation', 'the end of validation'),
    'after_train': ('hooks after the training', 'the end of the training'),
}
# Rank 0 alone comes to this point.
_SAVING = 'before_save_checkpoint'


@contextmanager
def stages_noted(runner: Runner) -> Iterator[None]:
    """Note what a training does, for the duration of a block.

    Args:
        runner: Runner of the training.
    """

    def call_hook(point: str, **kwargs: Any) -> None:
        if point not in _STAGES:
            SIGNS.tick()
            if point == _SAVING:
                SIGNS.begin('saving a checkpoint')
            type(runner).call_hook(runner, point, **kwargs)
            return
        words = _words(runner, kwargs.get('batch_idx', 0))
        during, afterwards = _STAGES[point]
        SIGNS.reach(during.format(**words))
        type(runner).call_hook(runner, point, **kwargs)
        SIGNS.reach(afterwards.format(**words))

    runner.call_hook = call_hook
    try:
        yield
    finally:
        del runner.call_hook


def _words(runner: Runner, batch_idx: int) -> dict[str, str | int]:
    epoch = runner.epoch + 1
    if isinstance(runner.train_loop, EpochBasedTrainLoop):
        of = f'batch {{}} of epoch {epoch}'
    else:
        of = 'the batch of iteration {}'
    steps = (of.format(number) for number in (batch_idx + 1, batch_idx + 2))
    return dict(zip(('step', 'next_step'), steps, strict=True), epoch=epoch)
