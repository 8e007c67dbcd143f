"""Facts about a backbone that the shapes of its weights do not show."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

Facts = dict[str, list]
# Entry of a checkpoint's ``meta``.
META_KEY = 'backbone'
_NORMS = _NormBase, nn.LayerNorm, nn.GroupNorm
_ACTIVATIONS = 'GELU', 'ReLU', 'SiLU', 'Swish'
_WHAT = {
    'num_heads': 'attention heads',
    'norm_eps': 'epsilon of the norms',
    'activation': 'activation functions',
    'style': 'style (where the blocks of a ResNet have their stride)',
}


def backbone_facts(backbone: nn.Module) -> Facts:
    """Return what the weights of a backbone do not tell about it.

    Two networks whose weights have the same names and shapes compute
    different features if they differ in one of these.

    Args:
        backbone: A backbone of any OpenMMLab package.

    Returns:
        ``num_heads``, the numbers of attention heads from the first block to
        the last; ``norm_eps``, the epsilons of the norms; ``activation``, the
        classes of the activation functions; ``style`` of a ResNet. Every
        value is a list without repetitions; facts that the network does not
        have are left out.
    """
    modules = list(backbone.modules())
    heads = [getattr(module, 'num_heads', None) for module in modules]
    eps = [module.eps for module in modules if isinstance(module, _NORMS)]
    names = [name for module in modules if (name := _activation(module))]
    style = getattr(backbone, 'style', None)
    facts: Facts = dict(
        num_heads=_distinct(n for n in heads if type(n) is int),
        norm_eps=sorted(set(eps)),
        activation=sorted(set(names)),
        style=[style] if isinstance(style, str) else [],
    )
    return {name: values for name, values in facts.items() if values}


def recorded_facts(meta: Mapping) -> Facts:
    """Return the facts that the ``meta`` of a checkpoint records.

    Args:
        meta: Entry ``meta`` of a checkpoint: of a run of this package, which
            records all facts, or of an import, which records those that are
            known of the release.
    """
    facts = meta.get(META_KEY)
    facts = dict(facts) if isinstance(facts, Mapping) else {}
    if isinstance(meta.get('num_heads'), int):
        facts.setdefault('num_heads', [meta['num_heads']])
    return {name: facts[name] for name in _WHAT if facts.get(name)}


def record_facts(meta: dict, model: nn.Module) -> None:
    """Record the facts of a model's backbone in the ``meta`` of its file.

    Args:
        meta: Entry ``meta`` of a checkpoint that is about to be saved.
        model: A model, also one in DistributedDataParallel. Without a
            ``backbone``, nothing is recorded.
    """
    backbone = backbone_of(model)
    if backbone is not None:
        meta[META_KEY] = backbone_facts(backbone)


def check_facts(
    backbone: nn.Module, meta: Mapping, source: str | Path
) -> None:
    """Raise if a checkpoint records other facts than its backbone here has.

    Args:
        backbone: The network that is going to use the weights.
        meta: Entry ``meta`` of the checkpoint; may be empty.
        source: Name of the file, for the message.

    Raises:
        ValueError: If a recorded fact differs.
    """
    own, wrong = backbone_facts(backbone), []
    for name, recorded in recorded_facts(meta).items():
        if name in own and own[name] != list(recorded):
            wrong.append(
                f'{_WHAT[name]}: {_text(recorded)} in the file, '
                f'{_text(own[name])} in the config ({name})'
            )
    if wrong:
        raise ValueError(
            f'{source} was made by another network than '
            f'{type(backbone).__name__} of the config: {"; ".join(wrong)}. '
            'The weights have the same shapes, but the features would be '
            'others than those that were trained. Change the backbone in the '
            'config, for example by its arch, or give a file that belongs to '
            'it'
        )


def backbone_of(model: nn.Module) -> nn.Module | None:
    """Return the ``backbone`` of a model, which may be wrapped for DDP."""
    inner = getattr(model, 'module', model)
    found = getattr(inner, 'backbone', None)
    return found if isinstance(found, nn.Module) else None


def _activation(module: nn.Module) -> str:
    """Name of an activation function, of PyTorch or another package."""
    kind = type(module)
    own = kind.__module__ == nn.GELU.__module__
    if not (own or kind.__name__.endswith(_ACTIVATIONS)) or isinstance(
        module, nn.MultiheadAttention | nn.Softmax
    ):
        return ''
    form = getattr(module, 'approximate', 'none')
    return kind.__name__ + (f' ({form})' if form != 'none' else '')


def _distinct(values: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(values))


def _text(values: list) -> str:
    return ', '.join(f'{value}' for value in values)
