"""How long a training is, in which steps, and when the tree begins."""

from dataclasses import dataclass

from .situation import Situation

# With fewer steps than this a training is short, and the recipes of ImageNet
# end below random weights (docs/demo.md).
_SHORT_STEPS = 100_000
_EPOCHS = 10, 400
# Hours of a training that nobody gave a limit.
_HOURS = dict(cpu=1.0, gpu=24.0)
_TREE_SHARE = 0.1
_MIN_WARM_UP = 10


@dataclass(frozen=True)
class Schedule:
    """Epochs and steps of a training.

    Args:
        epochs: Number of epochs.
        why_epochs: Reason of this number.
        start_epoch: Number of epochs without a tree (T1).
        images_per_step: Images that the loss tells apart in a step, on all
            devices.
        steps_per_epoch: Number of steps of an epoch.
    """

    epochs: int
    why_epochs: str
    start_epoch: int
    images_per_step: int
    steps_per_epoch: int

    @property
    def num_steps(self) -> int:
        """Number of steps of the training."""
        return self.epochs * self.steps_per_epoch

    @property
    def why_start(self) -> str:
        """Reason of the first epoch with a tree."""
        if self.start_epoch == round(_TREE_SHARE * self.epochs):
            return 'a tenth of the training'
        if self.start_epoch < _MIN_WARM_UP:
            return 'half of so short a training'
        return f'trees of less than {_MIN_WARM_UP} epochs are poor'

    @property
    def is_short(self) -> bool:
        """Whether the recipes for a million steps do not fit."""
        return self.num_steps < _SHORT_STEPS


def choose_schedule(
    situation: Situation,
    images_per_step: int,
    epochs: int | None,
    hours: float | None,
    seconds_per_epoch: float | None,
) -> Schedule:
    """Return the length of a training.

    Without a wish it is as long as the hours allow, from 10 to 400 epochs.

    Args:
        situation: What the choice follows from.
        images_per_step: Images of a step on all devices.
        epochs: Number that the user gave; None to choose it.
        hours: Length of the training that the user gave; None for an hour on
            a CPU and a day on GPUs.
        seconds_per_epoch: Measured time; None if it is not known yet.

    Raises:
        ValueError: If a number is not positive.
    """
    for name, number in (('--epochs', epochs), ('--hours', hours)):
        if number is not None and number <= 0:
            raise ValueError(f'{name} must be above 0, got {number}')
    low, high = _EPOCHS
    why = 'as you asked'
    if epochs is None:
        limit = hours or _HOURS['gpu' if situation.on_gpu else 'cpu']
        epochs, why = high, 'more are of little use'
        if seconds_per_epoch:
            fitting = int(limit * 3600 / seconds_per_epoch)
            epochs = min(max(low, fitting), high)
            if fitting < low:
                why = f'{limit:g} h hold {fitting}, but fewer learn too little'
            elif fitting <= high:
                why = f'as many as {limit:g} h hold'
    steps = max(1, situation.num_images // images_per_step)
    start = min(epochs // 2, max(_MIN_WARM_UP, round(_TREE_SHARE * epochs)))
    return Schedule(epochs, why, start, images_per_step, steps)
