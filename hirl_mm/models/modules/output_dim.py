from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm
from torch import nn

_SIZES = {
    nn.Linear: lambda module: module.out_features,
    _BatchNorm: lambda module: module.num_features,
    nn.LayerNorm: lambda module: module.normalized_shape[-1],
}


def output_dim(module: nn.Module) -> int | None:
    """Return the dimension of a module's output.

    It is read from the last linear or normalisation layer of the module.

    Returns:
        The dimension, or None if the module has no such layer.

    Example:
        >>> output_dim(nn.Sequential(nn.Linear(8, 4), nn.ReLU()))
        4
    """
    for layer in reversed(list(module.modules())):
        for kind, size in _SIZES.items():
            if isinstance(layer, kind):
                return size(layer)
    return None
