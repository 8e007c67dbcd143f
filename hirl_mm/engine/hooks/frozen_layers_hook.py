from collections.abc import Sequence

from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class FrozenLayersHook(NamedHook):
    """Parameters that rest while the training begins.

    Their gradient is computed, so that distributed training finds the graph
    it expects, and dropped right before the optimizer steps: no weight
    decay, no momentum, no state of the optimizer for them meanwhile. That is
    how the released code of SwAV and DINO does it. A gradient norm that is
    clipped counts them still.

    Args:
        layers: Parts of parameter names; each must be in one at least.
        end: Epochs or iterations during which they rest, counted from the
            beginning of the training, also of a resumed one.
        by_epoch: Whether ``end`` counts epochs.

    Raises:
        ValueError: If an argument is empty or negative, or before the first
            iteration if a name is in no parameter's.
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

        def drop_gradients(*_) -> None:
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
                    f'layers names {layer!r}, which is in the name of no '
                    'parameter, such as '
                    f'{", ".join(name for name, _ in named[-3:])}: correct '
                    'it or leave it out'
                )
        return [
            parameter
            for name, parameter in named
            if any(layer in name for layer in self.layers)
        ]
