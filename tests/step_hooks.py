"""Hooks of tests that look at single steps of a Runner."""

import numpy as np
import torch
from mmengine.hooks import Hook


class Seeds(Hook):
    """Draws of an epoch do not depend on what was drawn before."""

    def before_train_epoch(self, runner):
        np.random.seed(runner.epoch)
        torch.manual_seed(runner.epoch)


class Watch(Hook):
    """Weights of a network and its average before and after iterations.

    Args:
        network: Path of a module of the model.
        average: Path of its moving average.

    Attributes:
        seen: For every iteration (network, average, network, average), the
            first two before it and the others after it.
    """

    def __init__(self, network, average):
        self.paths = network, average
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.before = self._look(runner)

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.seen.append((*self.before, *self._look(runner)))

    def _look(self, runner):
        modules = map(runner.model.get_submodule, self.paths)
        return [
            torch.cat([p.detach().flatten() for p in module.parameters()])
            for module in modules
        ]
