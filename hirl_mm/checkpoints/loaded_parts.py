"""Which parts of a model have loaded weights, and which do not."""

from collections.abc import Collection, Mapping

from torch import Tensor, nn

from hirl_mm.registry import type_name

from .matching import required_weights
from .position_embeddings import position_names

_INITIALIZERS = 'Pretrained', 'StrictPretrained'
# Counts the updates of a moving average.
_COUNTER = 'steps'


def parts_without(model: nn.Module, keys: Collection[str]) -> list[str]:
    """Name the parts of a model that have no loaded weights.

    Args:
        model: The model.
        keys: Names of the weights of the model that were loaded.

    Returns:
        Names of the direct submodules and tensors of the model, such as
        ``neck``. If some weights of a part were loaded, their number follows,
        as in ``backbone (2 of 152 weights)``.
    """
    numbers: dict[str, list[int]] = {}
    for name in required_weights(model):
        part, _, rest = name.partition('.')
        if rest != _COUNTER:
            count = numbers.setdefault(part, [0, 0])
            count[0] += name in keys
            count[1] += 1
    return [
        f'{part} ({loaded} of {total} weights)' if loaded else part
        for part, (loaded, total) in numbers.items()
        if loaded < total
    ]


def fitting(model: nn.Module, state: Mapping[str, Tensor]) -> set[str]:
    """Return the weights of a model that MMEngine loads from a state dict.

    Args:
        model: The model.
        state: State dict of a file, with or without the prefix ``module.``.

    Returns:
        Names of weights that agree in name and shape; position embeddings
        may have another shape, since models interpolate them.
    """
    own, resized = model.state_dict(), set(position_names(model))
    found = set()
    for key, value in state.items():
        name = key.removeprefix('module.')
        if name not in own or not isinstance(value, Tensor):
            continue
        if value.shape == own[name].shape or name in resized:
            found.add(name)
    return found


def pretrained_entries(module: nn.Module) -> list[Mapping]:
    """Return the entries of a module's ``init_cfg`` that name a checkpoint."""
    found = getattr(module, 'init_cfg', None) or ()
    return [
        entry
        for entry in ([found] if isinstance(found, Mapping) else found)
        if isinstance(entry, Mapping)
        and type_name(entry.get('type')) in _INITIALIZERS
        and entry.get('checkpoint')
    ]


def initialised_from(model: nn.Module) -> dict[str, str]:
    """Return the checkpoints that ``init_cfg`` of a model's modules name.

    Args:
        model: The model.

    Returns:
        Path of the module, '' for the model itself -> checkpoint.
    """
    return {
        path: entry['checkpoint']
        for path, module in model.named_modules()
        for entry in pretrained_entries(module)
    }
