from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mmengine.config import Config
from torch import Tensor, nn

from hirl_mm.checkpoints.layouts.families import (
    OWN_FAMILIES,
    RESNET,
    Family,
)
from hirl_mm.registry import MODELS, enter_scope

from .attention_heads import usual_heads
from .backbone_facts import (
    Facts,
    backbone_facts,
    check_facts,
    recorded_facts,
)
from .found_configs import found_config
from .matching import evaluated_prefix, strip_prefix
from .pixels import config_normalisation

# Default of MMPreTrain's and timm's transformers.
LAYER_NORM_EPS = 1e-6
# Facts of networks in other libraries; None for any single value.
_TRANSFORMER = dict(activation='GELU', num_heads=None, norm_eps=None)
_USUAL: dict[str, dict] = {
    'ResNet': dict(activation='ReLU', norm_eps=1e-5, style='pytorch'),
    'ViT': _TRANSFORMER,
    'BEiT': _TRANSFORMER,
}


@dataclass(frozen=True)
class TrainedBackbone:
    """A backbone of MMPreTrain, read from a checkpoint.

    Attributes:
        family: Kind of network: ResNet, ViT or BEiT.
        state: State dict of the backbone, without a prefix.
        left_out: Keys under the same prefix that are not part of the
            backbone, such as a mask token.
        num_heads: Number of attention heads of a ViT or BEiT; 0 for a
            ResNet.
        layer_norm_eps: Epsilon of the layer norms of a ViT or BEiT.
        pixels: How images are normalised, see
            :func:`~.pixels.normalisation`; empty if it is unknown.
        cfg: Config of the training; empty without one.
    """

    family: Family
    state: dict[str, Tensor]
    left_out: list[str]
    num_heads: int = 0
    layer_norm_eps: float = LAYER_NORM_EPS
    pixels: Mapping = field(default_factory=dict)
    cfg: Mapping = field(default_factory=dict)


def read_backbone(
    checkpoint: dict,
    *,
    prefix: str | None = None,
    cfg: Config | None = None,
    num_heads: int | None = None,
    trust: bool = False,
) -> TrainedBackbone:
    """Read the backbone from a checkpoint of a model of MMPreTrain.

    The shapes of a ViT's weights do not contain the number of attention
    heads and the epsilon of the norms. These come from the config; without
    one from the ``meta`` that MMEngine or an import wrote; without that the
    number of heads is the usual one for the width.

    Args:
        checkpoint: Content of the checkpoint file.
        prefix: Prefix of the backbone's keys. None selects the evaluated
            network, see :func:`evaluated_prefix`.
        cfg: Config of the run that wrote the checkpoint. None uses the one
            stored in the checkpoint, if there is one.
        num_heads: Number of attention heads of a ViT or BEiT; overrides all
            of these sources.
        trust: Whether the stored config may run code, see
            :func:`~.found_configs.found_config`.

    Returns:
        The backbone with its kind and, for transformers, these two values.

    Raises:
        ValueError: If there is no ResNet, ViT or BEiT under the prefix, it
            has unknown tensors or misses some, the config describes another
            network, the number of heads is unknown, or the stored config
            needs ``trust``.
    """
    weights = checkpoint.get('state_dict', checkpoint)
    state, family = _find(weights, prefix)
    left_out = [key for key in state if key.startswith(family.heads)]
    state = {k: v for k, v in state.items() if k not in left_out}
    family.names(state).from_mmpretrain(state)  # raises for other networks
    meta = checkpoint.get('meta', {})
    if cfg is None and meta.get('cfg'):
        cfg = found_config(str(meta['cfg']), 'of the checkpoint', trust)
    module = None if cfg is None else _module(cfg, state)
    pixels = config_normalisation(cfg or {}) or meta.get('pixels') or {}
    found = TrainedBackbone(
        family, state, left_out, pixels=pixels, cfg=cfg or {}
    )
    facts = recorded_facts(meta)
    if module is not None:
        check_facts(module, meta, 'the checkpoint')
        facts = backbone_facts(module)
    _check_usual(family, facts)
    if family is RESNET:
        _check_resnet(module)
        return found
    (eps,) = facts.get('norm_eps', [LAYER_NORM_EPS])
    num_heads = num_heads or next(iter(facts.get('num_heads', [])), None)
    heads = _checked(num_heads or usual_heads(state), state, family)
    return replace(found, num_heads=heads, layer_norm_eps=eps)


def _find(
    weights: dict[str, Tensor], prefix: str | None
) -> tuple[dict[str, Tensor], Family]:
    if prefix is None:
        prefix = evaluated_prefix(weights)
    state = strip_prefix(weights, prefix)
    for family in OWN_FAMILIES:
        if family.mmpretrain_key in state:
            return state, family
    raise ValueError(
        f'there is no ResNet, ViT or BEiT with the names of MMPreTrain under '
        f'prefix={prefix!r}; the first keys are '
        f"{', '.join(list(weights)[:5])}. If the backbone's keys have another "
        'prefix, give --prefix; import files of other libraries first '
        '(tools/model_converters/import_checkpoint.py)'
    )


def _module(cfg: Config, state: dict[str, Tensor]) -> nn.Module:
    """Build the config's backbone; raise if the checkpoint has another."""
    model = cfg.get('model', {})
    model = model.get('algorithm', model)
    if 'backbone' not in model:
        raise ValueError('the config has no model.backbone')
    enter_scope(cfg)
    module = MODELS.build(model['backbone'])
    shapes = {k: v.shape for k, v in module.state_dict().items()}
    others = [
        key
        for key, value in state.items()
        if key in shapes and shapes[key] != value.shape
    ]
    others += [key for key in state if key not in shapes]
    if others:
        raise ValueError(
            f"the config's backbone ({type(module).__name__}) is another "
            f"network than the checkpoint's: {', '.join(others[:5])} differ "
            'in shape or are not in it. Give the config of the run that '
            'wrote the checkpoint'
        )
    return module


def _check_usual(family: Family, facts: Facts) -> None:
    """Raise for facts that differ from the same network elsewhere."""
    for name, value in _USUAL[family.name].items():
        given = facts.get(name, [value])
        if value is None and len(given) == 1:
            continue
        if given != [value]:
            raise ValueError(
                f'a {family.name} with {name}={", ".join(map(str, given))} '
                'has no counterpart in other libraries, where there is '
                f'{"one value" if value is None else value!r}'
            )


def _check_resnet(module: nn.Module | None) -> None:
    """Raise for options that other libraries' ResNets do not have.

    They change no shape, so the weights alone would not reveal them.
    """
    usual = dict(strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1))
    for name, value in usual.items():
        given = value if module is None else getattr(module, name)
        if given != value and given != [*value]:
            raise ValueError(
                f'a ResNet with {name}={given!r} has no counterpart in other '
                f'libraries, where {name}={value!r}'
            )


def _checked(
    num_heads: int | None, state: dict[str, Tensor], family: Family
) -> int:
    """Return the number of attention heads if the weights can have it."""
    width = state['cls_token'].shape[-1]
    if num_heads is None:
        raise ValueError(
            f'the number of attention heads of this {family.name} of width '
            f'{width} is unknown, because its weights do not contain it: '
            'give --config of the run, or --num-heads'
        )
    if num_heads < 1 or width % num_heads:
        raise ValueError(
            f'{num_heads} attention heads do not divide width {width}: give '
            'the number that the network was trained with'
        )
    tables = [v for k, v in state.items() if k.endswith('_bias_table')]
    if any(table.shape[1] != num_heads for table in tables):
        raise ValueError(
            f'this {family.name} has {tables[0].shape[1]} attention heads, '
            f'not {num_heads}'
        )
    return num_heads
