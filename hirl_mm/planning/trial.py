"""Measuring a few steps of a training before it begins."""

import logging
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from hirl_mm.registry import type_name

# The first steps are slower: workers start, memory is reserved.
_WARM_UP = 2
_STEPS = 6
_SECONDS = 10.0
_GIB = 2**30
_STATUS = Path('/proc/self/status')
# Writing 5 sets the peak of the memory to what is used now (man 5 proc).
_CLEAR_REFS = Path('/proc/self/clear_refs')
# Hooks that a few steps need; all others measure, save or cluster.
_NEEDED = (
    *('timer', 'logger', 'param_scheduler', 'sampler_seed'),
    *('teacher', 'clip', 'frozen_layers', 'device_views', 'loaded_weights'),
)


@dataclass(frozen=True)
class Trial:
    """What a few steps of a training took.

    Args:
        seconds_per_image: Time of a step, with waiting for images, for every
            image that the loader gives; the median over steps.
        peak_memory: Memory at its highest, in GiB: of the GPU, and without
            one of this process.
        num_steps: Number of steps that were measured.
    """

    seconds_per_image: float
    peak_memory: float
    num_steps: int


def try_training(cfg: Config, images_per_step: int) -> Trial:
    """Train a few steps of a config in a folder that is deleted afterwards.

    The steps are those of the first stage: before the tree.

    Args:
        cfg: Config of a training; it is changed.
        images_per_step: Images that a loader gives for a step.

    Raises:
        RuntimeError: If the training does not fit into the memory, by PyTorch.
    """
    steps = _WARM_UP + _STEPS
    images = steps * images_per_step
    sampler = cfg.train_dataloader.sampler
    if type_name(sampler.type) == 'NeighborPairSampler':
        # Its hook would search for neighbours in the whole folder first.
        sampler.own_positives = True
        images //= 1 + sampler.get('num_positives', 1)
    cfg.train_dataloader.dataset['indices'] = images
    # Weights to start from change no time, and may not be written yet.
    cfg.model.backbone.pop('init_cfg', None)
    hooks = cfg.default_hooks
    for name in [name for name in hooks if name not in _NEEDED]:
        hooks[name] = None
    cfg.default_hooks.logger.interval = 10**6
    cfg.train_cfg.max_epochs = 1
    cfg.param_scheduler = []
    add_standard_hooks(cfg, training=False)
    merge_options(cfg, None)
    place_views(cfg)
    if not torch.cuda.is_available():
        fit_to_cpu(cfg)
    cfg.launcher = 'none'
    cfg.log_level = 'ERROR'
    timer = _Timer()
    _forget_peak()
    with tempfile.TemporaryDirectory() as folder, _quiet():
        cfg.work_dir = folder
        cfg.experiment_name = Path(folder).name
        runner = Runner.from_cfg(cfg)
        runner.register_hook(timer, priority='VERY_LOW')
        with suppress(_Enough):
            runner.train()
    return Trial(
        timer.median() / images_per_step, _peak_memory(), len(timer.seconds)
    )


class _Enough(Exception):
    """The steps of a trial took long enough."""


class _Timer(Hook):
    """Notes how long steps take, and ends the training after some time."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._last = self._began = 0.0

    def before_train_epoch(self, runner: Runner) -> None:
        self._last = self._began = time.perf_counter()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, **_: object
    ) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now
        if now - self._began > _SECONDS and len(self.seconds) > 1:
            raise _Enough

    def median(self) -> float:
        measured = self.seconds[_WARM_UP:] or self.seconds[-1:]
        return sorted(measured)[len(measured) // 2]


def _forget_peak() -> None:
    """Let the peak of the memory be that from now on."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    else:
        _CLEAR_REFS.write_text('5')


def _peak_memory() -> float:
    """Return the peak of the memory in GiB."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved() / _GIB
    lines = _STATUS.read_text().splitlines()
    peak = next(line for line in lines if line.startswith('VmHWM:'))
    return int(peak.split()[1]) * 1024 / _GIB


@contextmanager
def _quiet() -> Iterator[None]:
    """MMEngine's logger of the trial shows errors only, and is forgotten."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(before)
        MMLogger._instance_dict.clear()
