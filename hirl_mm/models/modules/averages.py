"""Moving averages that start from loaded weights."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from mmengine.model import BaseAveragedModel
from torch import Tensor, nn

# What the moving averages of MMPreTrain's algorithms consist of, in order.
_AVERAGED = 'backbone', 'neck'


def average_sources(model: nn.Module) -> dict[str, str]:
    """Return which networks of a model are moving averages, and of which.

    Args:
        model: A model of this package, which has a method of the same name;
            or one of MMPreTrain, whose averages of the backbone, or of
            backbone and neck, are found by their keys.

    Returns:
        Prefix of the average's keys -> prefix of the keys of its source, such
        as ``{'encoder_k.module.0.': 'backbone.'}``.
    """
    if isinstance(model, StartsAverages):
        return model.average_sources()
    return _mmpretrain_sources(model)


def with_averages(
    state: Mapping[str, Tensor], sources: Mapping[str, str], prefix: str = ''
) -> dict[str, Tensor]:
    """Add the missing moving averages to a state dict.

    An average of which the state dict has no tensor gets those of its source.

    Args:
        state: State dict of a model.
        sources: Which networks are averages, see :func:`average_sources`.
        prefix: Prefix of the model's keys in ``state``.

    Returns:
        A copy of the state dict. Averages share tensors with their sources.
    """
    state = dict(state)
    for average, source in sources.items():
        average, source = prefix + average, prefix + source
        if any(key.startswith(average) for key in state):
            continue
        state |= {
            average + key.removeprefix(source): value
            for key, value in state.items()
            if key.startswith(source)
        }
    return state


class StartsAverages(nn.Module):
    """Base class of models whose moving averages start from loaded weights.

    If a state dict has the trained network and not its moving average, such
    as a backbone that ``load_from`` names, the average is loaded with the
    weights of the trained network. Otherwise it would keep its random
    weights.
    """

    # Of MMPreTrain's BaseSelfSupervisor, which subclasses also are.
    backbone: nn.Module
    neck: nn.Module | None
    extract_feat: Callable[[Tensor], Tensor | tuple[Tensor, ...]]

    def average_sources(self) -> dict[str, str]:
        """See :func:`average_sources`; subclasses add what they have."""
        return _mmpretrain_sources(self)

    def init_weights(self) -> None:
        """Initialise the weights and copy them into the moving averages.

        MMPreTrain copies them in the first training step. Without the copy
        here, a tree that is built before that step would come from random
        weights, even if the trained network starts from a checkpoint. An
        average that a checkpoint of ``init_cfg`` held is left as it is.
        """
        self._held: set[str] = set()
        super().init_weights()  # type: ignore[misc]
        for average, source in self.average_sources().items():
            if average not in self._held:
                weights = self.get_submodule(source[:-1]).state_dict()
                self.get_submodule(average[:-1]).load_state_dict(weights)

    def _load_from_state_dict(
        self,
        state_dict: MutableMapping[str, Tensor],
        prefix: str,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        sources = self.average_sources()
        self._held = {
            average
            for average in sources
            if any(key.startswith(prefix + average) for key in state_dict)
        }
        state_dict.update(with_averages(state_dict, sources, prefix))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def _mmpretrain_sources(model: nn.Module) -> dict[str, str]:
    sources = {}
    for name, child in model.named_children():
        if not isinstance(child, BaseAveragedModel):
            continue
        inner = child.module
        parts = {'': inner} | dict(inner.named_children())
        names = [part for part in _AVERAGED if hasattr(model, part)]
        if _same(inner, getattr(model, 'backbone', None)):
            sources[f'{name}.module.'] = 'backbone.'
        elif isinstance(inner, nn.Sequential):
            for source, (part, module) in zip(
                names, inner.named_children(), strict=False
            ):
                if _same(module, getattr(model, source)):
                    sources[f'{name}.module.{part}.'] = f'{source}.'
        else:
            for part in names:
                if _same(parts.get(part), getattr(model, part)):
                    sources[f'{name}.module.{part}.'] = f'{part}.'
    return sources


def _same(one: nn.Module | None, other: nn.Module | None) -> bool:
    """Whether two networks have weights of the same names and shapes."""
    if one is None or other is None:
        return False
    shapes = [
        {key: value.shape for key, value in module.state_dict().items()}
        for module in (one, other)
    ]
    return shapes[0] == shapes[1] != {}
