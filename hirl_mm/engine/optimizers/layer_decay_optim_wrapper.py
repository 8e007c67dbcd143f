from collections.abc import Callable

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
    """MMPreTrain's layer-wise learning rates for models with any heads.

    MMPreTrain asks the model for the depth of a parameter, which detectors
    and segmentors do not know; here the backbone is asked, and all else is
    behind its last layer. A layer of depth d of D has the rate ``lr *
    layer_decay_rate ** (D - 1 - d)``: of a vision transformer with L blocks,
    embeddings have depth 0, block b (from 0) b + 1, the rest L + 1.
    Parameters of one rate and decay share a group.

    Use it as ``optim_wrapper=dict(
    constructor='hirl_mm.LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.65, flat_decay_mult=0.0))``.

    Raises:
        ValueError: If the backbone does not know depths.
    """

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        get_layer_depth: Depth | None = None,
        **kwargs,
    ) -> None:
        """Add the groups of a module, merged once all of the model are there.

        Args:
            params: The groups so far, changed in place.
            module: Whose parameters to add.
            prefix: Its name in the model, empty for the model itself.
            get_layer_depth: From a parameter's name to its depth and the
                number of depths.
            **kwargs: Of MMEngine.
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
    if not hasattr(backbone, 'get_layer_depth'):
        raise ValueError(
            'rates by layer need a model whose backbone has get_layer_depth, '
            f'as the transformers of MMPreTrain; {type(model).__name__} has '
            f'the backbone {type(backbone).__name__}'
        )

    def depth(name: str) -> tuple[int, int]:
        return backbone.get_layer_depth(name, 'backbone.')

    return depth
