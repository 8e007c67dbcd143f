"""Epochs of a real Runner, a few steps at a time."""

import time
from collections.abc import Callable
from itertools import islice

from mmengine.config import Config
from mmengine.registry import LOOPS, VISBACKENDS
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.visualization import BaseVisBackend

_SECONDS = 'hirl/seconds_'


@LOOPS.register_module()
class SlicedTrainLoop(EpochBasedTrainLoop):
    """Training loop whose caller decides when the next steps run."""

    def run(self) -> None:
        self.runner.call_hook('before_train')
        self._ended = False

    def begin_epoch(self) -> None:
        """Call the hooks between the epoch before and this one."""
        if self._ended:
            self._ended = False
            self.runner.call_hook('after_train_epoch')
            self._epoch += 1
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self._batches = enumerate(self.dataloader)

    def advance(self, num: int) -> int:
        """Train on the next ``num`` batches; return how many there were."""
        done = 0
        for idx, batch in islice(self._batches, num):
            self.run_iter(idx, batch)
            done += 1
        return done

    def end_epoch(self) -> None:
        """Note that an epoch has ended."""
        self._ended = True


@VISBACKENDS.register_module()
class KeptScalars(BaseVisBackend):
    """Keeps the scalars that a run logs in ``scalars`` until they are read."""

    def __init__(self, save_dir: str) -> None:
        super().__init__(save_dir)
        self.scalars: dict[str, float] = {}

    def _init_env(self) -> None:
        """Nothing to prepare; MMEngine wants the method."""

    @property
    def experiment(self) -> 'KeptScalars':
        return self

    def add_scalars(self, scalar_dict: dict, *args, **kwargs) -> None:
        self.scalars |= scalar_dict


class EpochArm:
    """A run whose epochs are timed.

    Args:
        cfg: Config of the run; its training loop and the place of its scalars
            are replaced.
        clock: Function that returns seconds.
    """

    def __init__(self, cfg: Config, clock: Callable[[], float]) -> None:
        cfg.train_cfg.type = SlicedTrainLoop.__name__
        cfg.visualizer.vis_backends = [dict(type=KeptScalars.__name__)]
        self.clock = clock
        self.runner = Runner.from_cfg(cfg)
        self.runner.train()

    def begin_epoch(self) -> dict[str, float]:
        """Run what happens between two epochs, up to the first step.

        Returns:
            ``stage``, the seconds of all of it, and the seconds of each part
            that the clustering hook logs. The hook measures wall-clock time;
            here it is scaled to the clock of this arm.
        """
        backend = self.runner.visualizer.get_backend(KeptScalars.__name__)
        backend.scalars.clear()
        wall, start = time.perf_counter(), self.clock()
        self.runner.train_loop.begin_epoch()
        stage = self.clock() - start
        scale = stage / (time.perf_counter() - wall)
        parts = {
            name.removeprefix(_SECONDS): seconds * scale
            for name, seconds in backend.scalars.items()
            if name.startswith(_SECONDS)
        }
        return dict(stage=stage) | parts

    def advance(self, num: int) -> float | None:
        """Return the seconds of the next steps; None if fewer were left."""
        start = self.clock()
        done = self.runner.train_loop.advance(num)
        return self.clock() - start if done == num else None

    def end_epoch(self) -> None:
        """End an epoch; :meth:`begin_epoch` runs what happens after it."""
        self.runner.train_loop.end_epoch()
