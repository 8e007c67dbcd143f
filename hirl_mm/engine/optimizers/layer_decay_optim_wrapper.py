from collections.abc import Callable
from typing import Any

from mmpretrain.engine.optimizers import (
    LearningRateDecayOptimWrapperConstructor,
)
from torch import nn

from hirl_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS

from .grouped_optim_wrapper import merged_groups

Depth = Callable[[str], tuple[int, int]]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayOptimWrapperConstructor(
    LearningRateDecayOptimWrapperConstructor
):
    """MMPreTrain's layer-wise learning rate decay for models with any heads.

    MMPreTrain asks the model for the depth of a parameter, which detectors
    and segmentors do not provide. This class asks the backbone; all
    parameters outside the backbone come after its last layer. With D depths,
    a layer of depth d has the learning rate ``lr * layer_decay_rate ** (D - 1
    - d)``. In a vision transformer with L blocks, the embeddings have depth
    0, block b (counted from 0) has depth b + 1 and all other parameters have
    depth L + 1. Parameters with the same learning rate and weight decay share
    a group.

    Use it as ``optim_wrapper=dict(
    constructor='hirl_mm.LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.65, flat_decay_mult=0.0))``.

    Raises:
        ValueError: If the backbone has no ``get_layer_depth``.
    """

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        get_layer_depth: Depth | None = None,
        **kwargs: Any,
    ) -> None:
        """Add the groups of a module, and merge the groups of a whole model.

        Args:
            params: The groups so far, changed in place.
            module: The module that has the parameters to add.
            prefix: Name of the module in the model, empty for the model
                itself. Groups are merged for an empty prefix.
            get_layer_depth: Function that maps the name of a parameter to its
                depth and the number of depths D. For an empty prefix it is
                taken from the backbone.
            **kwargs: Other arguments of MMPreTrain's constructor.
        """
        if not prefix:
            get_layer_depth = _depth_in(module)
        super().add_params(params, module, prefix, get_layer_depth, **kwargs)
        if not prefix:
            for group in params:
                del group['param_name']
            params[:] = merged_groups(params)


def _depth_in(model: nn.Module) -> Depth:
    backbone = getattr(model, 'backbone', None)
    depth_of = getattr(backbone, 'get_layer_depth', None)
    if depth_of is None:
        raise ValueError(
            'layer-wise learning rates need a backbone with get_layer_depth, '
            'such as the vision transformers of MMPreTrain; '
            f'{type(model).__name__} has the backbone '
            f'{type(backbone).__name__}'
        )

    def depth(name: str) -> tuple[int, int]:
        return depth_of(name, 'backbone.')

    return depth
