from mmengine.dist import get_world_size
from mmengine.runner import BaseLoop, Runner
from torch import nn

from hirl_mm.engine.watch.rank_watch import TIMEOUT, RankWatch
from hirl_mm.engine.watch.training_stages import stages_noted
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class RankWatchHook(NamedHook):
    """End a training on all ranks if one of them dies, fails or hangs.

    Without it, the other ranks wait in the next collective call for as long
    as the process group allows, unless a launcher ends them, and no log tells
    which rank it was. For what the ranks do, see
    :class:`~hirl_mm.engine.watch.rank_watch.RankWatch`. It watches from the
    first hook before the training to the last one after it;
    ``tools/train.py`` watches from the moment on in which the ranks have found
    each other, with the timeout of this hook. With a single process it does
    nothing.

    A pass over data and a run of k-means are alive as long as they get on;
    anything else, such as a step, waiting for a batch or saving a checkpoint,
    may take ``timeout`` seconds.

    Args:
        timeout: Seconds without a sign of life after which a rank hangs.

    Raises:
        ValueError: If ``timeout`` is not above 0.
    """

    config_name = 'rank_watch'

    def __init__(self, timeout: float = TIMEOUT) -> None:
        if timeout <= 0:
            raise ValueError(
                f'timeout of RankWatchHook must be above 0 s, got {timeout}. '
                'To switch it off, set default_hooks.rank_watch=None'
            )
        self.timeout = timeout

    def before_run(self, runner: Runner) -> None:
        super().before_run(runner)
        loop = runner._train_loop
        if get_world_size() == 1 or not isinstance(loop, BaseLoop):
            return

        def run() -> nn.Module:
            with RankWatch(self.timeout) as watch, stages_noted(runner):
                watch.start(runner.logger)
                return type(loop).run(loop)

        loop.run = run
