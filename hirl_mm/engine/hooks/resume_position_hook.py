from mmengine.dist import get_world_size
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.runtime.batch_size import batch_size_of
from hirl_mm.engine.runtime.inside_epoch import (
    begin_inside,
    can_begin_inside,
    end_inside,
)
from hirl_mm.engine.runtime.resume_position import (
    IMAGES_KEY,
    Position,
    move_schedules,
    position_here,
    stored_position,
)
from hirl_mm.engine.runtime.resumed_state import align_queues, rescale_averages
from hirl_mm.models.modules import group_size_of
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class ResumePositionHook(NamedHook):
    """Resume with another batch size, number of GPUs, images or epochs.

    MMEngine resumes at the iteration of the checkpoint, with the schedules of
    the checkpoint. This hook keeps the position in epochs instead: the run
    goes on at the iteration at which the epoch begins in this run, and the
    schedules of learning rates, momentum and temperature are those of a new
    run with this config from there on. A training that counts iterations
    keeps its position in images. So it does if the run is longer or shorter
    than before: MMEngine would keep the schedules of the checkpoint, which end
    where the run was to end. One line in the log says so. If nothing has
    changed, the run is resumed as MMEngine does it.

    Two more cases are mended in the same way. A checkpoint that was saved
    inside an epoch goes on inside it, and no batch before is read; without a
    :class:`~hirl_mm.engine.hooks.PositionSeedHook` it goes on at the
    beginning of the epoch. A checkpoint without schedules, such as
    ``best_*.pth``, goes on at its epoch instead of the beginning of the
    schedules.

    Learning rates are not scaled to the new batch size, unless the config
    asks for it (``auto_scale_lr.enable=True``). A schedule that depends on
    metrics, such as ``ReduceOnPlateauLR``, goes on from the checkpoint.

    Raises:
        ValueError: Before the first iteration, if the Runner was resumed by
            ``Runner.resume``, which skips this hook, and the position does
            not fit.
    """

    config_name = 'resume_position'
    priority = 'VERY_HIGH'

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        # A Runner that only tests has no loop, and need not build one.
        if not isinstance(runner._train_loop, BaseLoop):
            return
        images = _images_per_step(runner)
        model = get_ori_model(runner.model)
        if images and 'state_dict' in checkpoint:
            keys = images // group_size_of(model)
            align_queues(checkpoint['state_dict'], model, keys)
        if not runner._resume:
            return
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        stored = stored_position(checkpoint, by_epoch)
        here = position_here(checkpoint, runner, images)
        if stored == here and 'param_schedulers' in checkpoint:
            return
        if stored == here and runner.param_schedulers is None:
            return
        follows = move_schedules(runner, checkpoint, here)
        rescale_averages(checkpoint, model, stored.iter, here.iter)
        checkpoint['meta']['iter'] = here.iter
        runner.logger.info(_line(runner, stored, here, follows))

    def before_train(self, runner: Runner) -> None:
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            self._begin_epoch(runner)
        images = _images_per_step(runner)
        if images:
            runner.message_hub.update_info(IMAGES_KEY, images)

    def after_train_epoch(self, runner: Runner) -> None:
        end_inside(runner.train_loop)

    @staticmethod
    def _begin_epoch(runner: Runner) -> None:
        length = len(runner.train_dataloader)
        done = runner.iter - runner.epoch * length
        inside = 0 < done <= length and can_begin_inside(runner.train_loop)
        if inside and runner._resume:
            begin_inside(runner.train_loop, done)
        elif done:
            raise ValueError(
                f'the checkpoint was saved at iteration {runner.iter}, but '
                f'epoch {runner.epoch + 1} begins at iteration '
                f'{runner.epoch * length} here: the batch size, the number of '
                'processes or of images has changed, or the checkpoint was '
                'saved inside an epoch. Resume with Runner(resume=True, '
                'load_from=CHECKPOINT), which can convert it, instead of '
                'Runner.resume(CHECKPOINT)'
            )


def _images_per_step(runner: Runner) -> int | None:
    batch_size = batch_size_of(runner.train_dataloader)
    return batch_size and batch_size * get_world_size()


def _line(
    runner: Runner, stored: Position, here: Position, follows: bool
) -> str:
    if follows:
        scales = (runner.auto_scale_lr or {}).get('enable', False)
        schedules = (
            'The schedules of this config go on from there; '
            + ('auto_scale_lr has scaled' if scales else 'nothing has scaled')
            + ' the learning rate to the batch size'
        )
    else:
        schedules = (
            'Learning rates go on from the checkpoint, because a schedule '
            'depends on metrics'
        )
    unit = 'images' if here.epoch_length is None else 'epochs'
    return (
        f'the position of the run is kept in {unit}: {stored} of the '
        f'checkpoint is {here} here. {schedules}'
    )
