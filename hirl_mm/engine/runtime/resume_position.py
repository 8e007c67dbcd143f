"""Continue a run whose steps, epochs or length have another size than before.

MMEngine takes the iteration and the schedules of the checkpoint, which count
iterations. If there are more images per step than before, the run has fewer
iterations, and the schedules of the checkpoint end too late. If the run is
longer than before, they end too early.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mmengine.optim import OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, Runner

from .inside_epoch import can_begin_inside
from .schedules import advance

# Entry of the message hub, and so of checkpoints.
IMAGES_KEY = 'images_per_step'


class Position(NamedTuple):
    """A position in a training.

    Args:
        epoch: Number of complete epochs.
        iter: Number of iterations.
        epoch_length: Number of iterations per epoch; None for a training that
            counts iterations only.
        max_iters: Number of iterations of the whole training.
    """

    epoch: int
    iter: int
    epoch_length: float | None
    max_iters: int

    def __str__(self) -> str:
        of_all = f'iteration {self.iter} of {self.max_iters}'
        if self.epoch_length is None:
            return of_all
        return f'{of_all} ({self.epoch_length:g} per epoch)'


def stored_position(checkpoint: dict, by_epoch: bool) -> Position:
    """Return the position at which a checkpoint was saved.

    Args:
        checkpoint: Checkpoint of MMEngine's Runner.
        by_epoch: Whether the training counts epochs.
    """
    meta = checkpoint['meta']
    info = checkpoint['message_hub']['runtime_info']
    length, max_iters = None, info.get('max_iters', 0)
    if by_epoch:
        length = max_iters / max(1, info.get('max_epochs', 1))
    return Position(meta['epoch'], meta['iter'], length, max_iters)


def position_here(
    checkpoint: dict, runner: Runner, images: int | None
) -> Position:
    """Return the position in a run at which it continues a checkpoint.

    A training that counts epochs goes on inside an epoch after the same share
    of it, if its data loader can leave out batches; otherwise at its
    beginning. A training that counts iterations goes on after the same number
    of images, if the checkpoint holds the number of images per step.

    Args:
        checkpoint: Checkpoint of MMEngine's Runner.
        runner: Runner that resumes from it.
        images: Number of images per step of all ranks; None if unknown.
    """
    meta = checkpoint['meta']
    epoch, iteration = meta['epoch'], meta['iter']
    if isinstance(runner.train_loop, EpochBasedTrainLoop):
        length = len(runner.train_dataloader)
        begin = epoch * length
        stored = stored_position(checkpoint, by_epoch=True).epoch_length
        if stored and can_begin_inside(runner.train_loop):
            done = max(0, iteration - epoch * stored)
            begin += min(length, int(done * length / stored))
        return Position(epoch, begin, length, runner.max_iters)
    before = checkpoint['message_hub']['runtime_info'].get(IMAGES_KEY)
    if before and images:
        iteration = round(iteration * before / images)
    return Position(epoch, iteration, None, runner.max_iters)


def move_schedules(
    runner: Runner, checkpoint: dict, position: Position
) -> bool:
    """Let the schedules of a resumed run go on at a position of this run.

    The schedules are those of the config, as in a new run. Their states and
    values replace those of the checkpoint.

    Args:
        runner: Runner that resumes.
        checkpoint: Checkpoint that is going to be loaded, changed in place.
        position: Position in this run.

    Returns:
        Whether it was done. A schedule that depends on metrics has no values
        of its own at a position, so that nothing is changed then.
    """
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    if runner.param_schedulers is None:
        return True
    runner.param_schedulers = runner.build_param_scheduler(
        runner.param_schedulers
    )
    parts = list(_parts(runner, checkpoint))
    if any(
        getattr(scheduler, 'need_val_args', False)
        for _, schedulers, *_ in parts
        for scheduler in schedulers
    ):
        return False
    steps = _steps_before(position)
    for wrapper, schedulers, state, save in parts:
        states, values = advance(schedulers, wrapper.param_groups, **steps)
        save(states)
        groups = wrapper.param_groups
        _update(groups, values)
        if state is not None:
            base = state.get('base_param_settings')
            groups = state['param_groups'] + ([base] if base else [])
            _update(groups, values)
    return True


def _steps_before(position: Position) -> dict[str, int]:
    if position.epoch_length is None:
        return dict(num_epochs=0, epoch_length=0, num_iters=position.iter)
    length = int(position.epoch_length)
    return dict(
        num_epochs=position.epoch,
        epoch_length=length,
        num_iters=position.iter - position.epoch * length,
    )


def _update(groups: list[dict], values: list[dict]) -> None:
    for group, new in zip(groups, values, strict=False):
        group.update(new)


def _parts(runner: Runner, checkpoint: dict) -> Iterator[tuple]:
    """Yield every optimizer with its schedulers and its stored state.

    The last entry is a function that stores the states of the schedulers.
    """
    wrapper, schedulers = runner.optim_wrapper, runner.param_schedulers
    stored = checkpoint.get('optimizer')
    if not isinstance(wrapper, OptimWrapperDict):

        def save(states: list[dict]) -> None:
            checkpoint['param_schedulers'] = states

        yield wrapper, schedulers, stored, save
        return
    for name, single in wrapper.items():

        def save_named(states: list[dict], name: str = name) -> None:
            checkpoint.setdefault('param_schedulers', {})[name] = states

        part = None if stored is None else stored[name]
        yield single, schedulers[name], part, save_named
