from collections.abc import Sequence
from typing import Any

from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class FrozenLayersHook(NamedHook):
    """Freeze parameters at the beginning of the training.

    Their gradients are computed, because distributed training expects the
    whole graph, and dropped right before the optimizer steps. While frozen,
    the parameters get no weight decay and no momentum, and the optimizer
    keeps no state for them. The released code of SwAV and DINO does the
    same. A gradient norm over all parameters still includes their gradients.

    Args:
        layers: Parts of parameter names: a parameter is frozen if its name
            contains one of them. Each must match at least one parameter.
        end: Number of epochs or iterations during which the parameters are
            frozen, counted from the start of the training; a resumed run
            continues the count.
        by_epoch: Whether ``end`` counts epochs instead of iterations.

    Raises:
        ValueError: If ``layers`` is empty or a string, or ``end`` is
            negative; before the first iteration, if an entry of ``layers``
            matches no parameter.
    """

    config_name = 'frozen_layers'

    def __init__(
        self, layers: Sequence[str], end: int, by_epoch: bool
    ) -> None:
        if isinstance(layers, str) or not layers:
            raise ValueError(
                "layers must be a list of names, such as ['prototypes'], got "
                f'{layers!r}'
            )
        if end < 0:
            raise ValueError(f'end must be at least 0, got {end}')
        self.layers = tuple(layers)
        self.end = end
        self.by_epoch = by_epoch
        self._handles: list = []

    def before_train(self, runner: Runner) -> None:
        parameters = self._parameters(runner)

        def drop_gradients(*_: Any) -> None:
            done = runner.epoch if self.by_epoch else runner.iter
            if done < self.end:
                for parameter in parameters:
                    parameter.grad = None

        wrapper = runner.optim_wrapper
        several = isinstance(wrapper, OptimWrapperDict)
        for single in wrapper.values() if several else (wrapper,):
            handle = single.optimizer.register_step_pre_hook(drop_gradients)
            self._handles.append(handle)

    def after_train(self, runner: Runner) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _parameters(self, runner: Runner) -> list:
        named = list(get_ori_model(runner.model).named_parameters())
        for layer in self.layers:
            if not any(layer in name for name, _ in named):
                raise ValueError(
                    f'layers has {layer!r}, but no parameter name contains '
                    'it. Parameter names look like '
                    f'{", ".join(name for name, _ in named[-3:])}: correct '
                    'the entry or remove it'
                )
        return [
            parameter
            for name, parameter in named
            if any(layer in name for layer in self.layers)
        ]
