"""Epochs of a real Runner, a slice at a time."""

from collections.abc import Callable
from itertools import islice

from mmengine.config import Config
from mmengine.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop, Runner

from hirl_mm.engine.hooks import HierarchicalKMeansHook


@LOOPS.register_module()
class SlicedTrainLoop(EpochBasedTrainLoop):
    """Gets ready to train, and leaves it to the caller to run."""

    def run(self) -> None:
        self.runner.call_hook('before_train')

    def begin_epoch(self) -> None:
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self._batches = enumerate(self.dataloader)

    def advance(self, num: int) -> int:
        """Train on the next batches; how many there were."""
        done = 0
        for idx, batch in islice(self._batches, num):
            self.run_iter(idx, batch)
            done += 1
        return done

    def end_epoch(self) -> None:
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1


class EpochArm:
    """A run that is timed.

    Args:
        cfg: Of the run; its loop is replaced.
        clock: Seconds.
    """

    def __init__(self, cfg: Config, clock: Callable[[], float]) -> None:
        cfg.train_cfg.type = SlicedTrainLoop.__name__
        self.clock = clock
        self.runner = Runner.from_cfg(cfg)
        self.parts: dict[str, float] = {}
        self.runner.train()
        for hook in self.runner.hooks:
            if isinstance(hook, HierarchicalKMeansHook):
                self._time_parts(hook)

    def begin_epoch(self) -> dict[str, float]:
        """Seconds before the first step, and of which parts."""
        self.parts.clear()
        start = self.clock()
        self.runner.train_loop.begin_epoch()
        return dict(stage=self.clock() - start) | self.parts

    def advance(self, num: int) -> float | None:
        """Seconds of the next steps; None where fewer were left."""
        start = self.clock()
        done = self.runner.train_loop.advance(num)
        return self.clock() - start if done == num else None

    def end_epoch(self) -> None:
        self.runner.train_loop.end_epoch()

    def _time_parts(self, hook: HierarchicalKMeansHook) -> None:
        builder = hook._builder
        builder.features = self._timed('extract', builder.features)
        builder.cluster = self._timed('cluster', builder.cluster)

    def _timed(self, name: str, function: Callable) -> Callable:
        def timed(*args, **kwargs):
            start = self.clock()
            result = function(*args, **kwargs)
            self.parts[name] = self.clock() - start
            return result

        return timed
