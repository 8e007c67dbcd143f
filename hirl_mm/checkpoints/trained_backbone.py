from dataclasses import dataclass

from mmengine.config import Config
from torch import Tensor, nn

from hirl_mm.checkpoints.layouts.families import FAMILIES, RESNET, Family
from hirl_mm.registry import MODELS, enter_scope

from .attention_heads import usual_heads
from .matching import evaluated_prefix, under

# Of MMPreTrain's and timm's transformers.
LAYER_NORM_EPS = 1e-6


@dataclass(frozen=True)
class TrainedBackbone:
    """A backbone of MMPreTrain out of a checkpoint.

    Attributes:
        family: ResNet, ViT or BEiT.
        state: Its tensors, without a prefix.
        left_out: Keys beside the backbone's that are no part of it, such as
            a mask token.
        num_heads: Of a ViT or BEiT; None of a ResNet.
        layer_norm_eps: Of a ViT or BEiT.
    """

    family: Family
    state: dict[str, Tensor]
    left_out: list[str]
    num_heads: int | None = None
    layer_norm_eps: float = LAYER_NORM_EPS


def read_backbone(
    checkpoint: dict,
    *,
    prefix: str | None = None,
    cfg: Config | None = None,
    num_heads: int | None = None,
) -> TrainedBackbone:
    """Take the backbone out of a checkpoint of MMPreTrain's models.

    Shapes do not tell everything. Heads and the norm's epsilon come from the
    config; without one from the ``meta`` that MMEngine or an import wrote;
    without those heads are what is usual for the width.

    Args:
        checkpoint: What the file holds.
        prefix: Of the backbone's keys; None for that of the evaluated
            network, see :func:`evaluated_prefix`.
        cfg: Config of the run that wrote it.
        num_heads: Overrides all of these.

    Raises:
        ValueError: If there is no ResNet, ViT or BEiT under the prefix, or
            one with tensors that others lack, if the config describes another
            network, or the heads are not known.
    """
    weights = checkpoint.get('state_dict', checkpoint)
    state, family = _find(weights, prefix)
    left_out = [key for key in state if key.startswith(family.heads)]
    state = {k: v for k, v in state.items() if k not in left_out}
    family.names(state).to_theirs(state)  # raises where it is another network
    meta = checkpoint.get('meta', {})
    if cfg is None and meta.get('cfg'):
        cfg = Config.fromstring(meta['cfg'], '.py')
    module = None if cfg is None else _module(cfg, state)
    if family is RESNET:
        _check_resnet(module)
        return TrainedBackbone(family, state, left_out)
    eps = LAYER_NORM_EPS
    if module is not None:
        eps = module.layers[0].ln1.eps
        num_heads = num_heads or module.arch_settings['num_heads']
    num_heads = num_heads or meta.get('num_heads')
    num_heads = num_heads or usual_heads(state)
    _check_heads(state, family, num_heads)
    return TrainedBackbone(family, state, left_out, num_heads, eps)


def _find(
    weights: dict[str, Tensor], prefix: str | None
) -> tuple[dict[str, Tensor], Family]:
    if prefix is None:
        prefix = evaluated_prefix(weights)
    state = under(weights, prefix)
    for family in FAMILIES:
        if family.ours in state:
            return state, family
    raise ValueError(
        f"there is no ResNet, ViT or BEiT in MMPreTrain's names under "
        f'prefix={prefix!r}; the first keys are '
        f"{', '.join(list(weights)[:5])}. Give --prefix if the backbone's "
        'keys begin otherwise, and import files of other libraries first '
        '(import_checkpoint.py)'
    )


def _module(cfg: Config, state: dict[str, Tensor]) -> nn.Module:
    """The config's backbone, checked to be the checkpoint's."""
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


def _check_resnet(module: nn.Module | None) -> None:
    """Refuse what other libraries' ResNets do not do, seen in no shape."""
    usual = dict(style='pytorch', strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1))
    for name, value in usual.items():
        given = value if module is None else getattr(module, name)
        if given != value and given != [*value]:
            raise ValueError(
                f'a ResNet with {name}={given!r} has no counterpart in other '
                f'libraries, where {name}={value!r}'
            )


def _check_heads(
    state: dict[str, Tensor], family: Family, num_heads: int | None
) -> None:
    width = state['cls_token'].shape[-1]
    if num_heads is None:
        raise ValueError(
            f'how many attention heads a {family.name} of width {width} has '
            'is not in its weights: give --config of the run, or --num-heads'
        )
    if num_heads < 1 or width % num_heads:
        raise ValueError(
            f'{num_heads} attention heads do not divide width {width}'
        )
    tables = [v for k, v in state.items() if k.endswith('_bias_table')]
    if any(table.shape[1] != num_heads for table in tables):
        raise ValueError(
            f'this {family.name} has {tables[0].shape[1]} attention heads, '
            f'not {num_heads}'
        )
