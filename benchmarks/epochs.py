"""Epochs of a real Runner, one at a time."""

import time
from collections.abc import Callable

from mmengine.config import Config
from mmengine.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop, Runner

from hirl_mm.engine.hooks import HierarchicalKMeansHook


@LOOPS.register_module()
class SteppedTrainLoop(EpochBasedTrainLoop):
    """Gets ready to train, and leaves it to the caller to run epochs."""

    def run(self) -> None:
        self.runner.call_hook('before_train')


class EpochArm:
    """A run whose epochs are timed.

    Args:
        cfg: Of the run; its loop is replaced.
        clock: Seconds.
    """

    def __init__(
        self, cfg: Config, clock: Callable = time.perf_counter
    ) -> None:
        cfg.train_cfg.type = SteppedTrainLoop.__name__
        self.clock = clock
        self.runner = Runner.from_cfg(cfg)
        self.parts = {}
        self.runner.train()
        for hook in self.runner.hooks:
            if isinstance(hook, HierarchicalKMeansHook):
                self._watch(hook)

    def epoch(self) -> dict[str, float]:
        """Run one; seconds in all and of its parts."""
        self.parts.clear()
        start = self.clock()
        self.runner.train_loop.run_epoch()
        return dict(total=self.clock() - start) | self.parts

    def _watch(self, hook: HierarchicalKMeansHook) -> None:
        """Time what happens before the first step of an epoch."""
        for part, owner, method in (
            ('extract', hook._builder, 'features'),
            ('cluster', hook._builder, 'cluster'),
            ('stage', hook, 'before_train_epoch'),
        ):
            setattr(owner, method, self._timed(part, getattr(owner, method)))

    def _timed(self, name: str, function: Callable) -> Callable:
        def timed(*args, **kwargs):
            start = self.clock()
            result = function(*args, **kwargs)
            self.parts[name] = self.clock() - start
            return result

        return timed
