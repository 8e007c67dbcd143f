"""What files say about a network beside its weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmpretrain.models import VisionTransformer

from .backbone_facts import Facts, recorded_facts
from .literal_configs import literal_config
from .pixels import (
    IMAGENET,
    LEVELS,
    config_normalisation,
    huggingface_normalisation,
    normalisation,
)

# Values of transformers' configs if the file of a model has none.
_HUGGINGFACE_EPS = {
    'ViT': 1e-12,
    'Dinov2': 1e-6,
    'DINOv3': 1e-5,
    'ResNet': 1e-5,
}
_GELU = 'gelu'
_ACTS = {'relu': 'ReLU', _GELU: 'GELU', 'silu': 'SiLU'}
_PERIODS_BASE = 100.0
# Options that change features, but neither names nor shapes of weights.
_OPTIONS = 'style', 'strides', 'dilations'
_TORCHVISION_EPS = 1e-6
# MMPreTrain's by default.
_STYLE = 'pytorch'


@dataclass(frozen=True)
class Description:
    """What is known of a network that its weights do not show.

    Attributes:
        facts: See :func:`~.backbone_facts.backbone_facts`.
        options: Further arguments of MMPreTrain's backbone.
        pixels: How images were normalised: ``mean`` and ``std`` in levels of
            0 to 255 per channel, and ``channels``, ``'rgb'`` or ``'bgr'``;
            empty if the files do not say so.
    """

    facts: Facts = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    pixels: dict = field(default_factory=dict)


def huggingface_description(
    config: Mapping, pixels: Mapping, kind: str
) -> Description:
    """Return what ``config.json`` of a model of transformers says.

    Args:
        config: Content of ``config.json``; empty if there is none.
        pixels: Content of ``preprocessor_config.json``; empty without one.
        kind: ``'ViT'``, ``'Dinov2'``, ``'DINOv3'`` or ``'ResNet'``.

    Raises:
        ValueError: If the network computes other features than MMPreTrain's.
    """
    own = 'relu' if kind == 'ResNet' else _GELU
    if config.get('use_gated_mlp'):
        own = 'silu'
    act = config.get('hidden_act', own)
    if act != own:
        raise ValueError(
            f'this {kind} has hidden_act={act!r} in its config.json, but '
            f"MMPreTrain's has {_ACTS[own]}: its features would change. Use "
            'another network'
        )
    if kind == 'ResNet' and config.get('downsample_in_first_stage'):
        raise ValueError(
            'this ResNet has downsample_in_first_stage=True in its '
            "config.json, which MMPreTrain's has not. Use another network"
        )
    eps = config.get('layer_norm_eps', _HUGGINGFACE_EPS[kind])
    if kind == 'ResNet':
        bottleneck = config.get('downsample_in_bottleneck', False)
        style = 'caffe' if bottleneck else 'pytorch'
        facts = dict(norm_eps=[eps], activation=['ReLU'], style=[style])
        options = dict(style=style) if bottleneck else {}
    else:
        facts, options = dict(norm_eps=[eps], activation=['GELU']), {}
        if 'num_attention_heads' in config:
            facts['num_heads'] = [config['num_attention_heads']]
    return Description(facts, options, huggingface_normalisation(pixels))


def check_dinov3_config(config: Mapping) -> None:
    """Raise if ``config.json`` describes other positions than DINOv3's.

    Args:
        config: Content of ``config.json``; empty if there is none.

    Raises:
        ValueError: If the base of the periods is not 100.
    """
    base = config.get('rope_theta', _PERIODS_BASE)
    if base != _PERIODS_BASE:
        raise ValueError(
            f'this DINOv3 has rope_theta={base} in its config.json, but here '
            f'periods have the base {_PERIODS_BASE}, as in the released '
            'networks: its features would change. Use one of these'
        )


def timm_description(config: Mapping, facts: Facts) -> Description:
    """Return what ``config.json`` of a model of timm says.

    Args:
        config: Content of ``config.json``; empty if there is none.
        facts: What is known of the network without it.
    """
    pretrained = config.get('pretrained_cfg', config)
    mean, std = pretrained.get('mean'), pretrained.get('std')
    return Description(facts, pixels=normalisation(mean, std, LEVELS))


def torchvision_description() -> Description:
    """Return what all vision transformers of torchvision have in common."""
    facts: Facts = dict(norm_eps=[_TORCHVISION_EPS], activation=['GELU'])
    return Description(facts, pixels=dict(IMAGENET))


def openmmlab_description(meta: Mapping) -> Description:
    """Return what the ``meta`` of a checkpoint of OpenMMLab says.

    Args:
        meta: The entry ``meta``: facts that this project records, also of
            imported backbones, and the config that MMEngine and MMCV store.
    """
    facts = recorded_facts(meta)
    cfg = literal_config(str(meta.get('cfg') or meta.get('config') or ''))
    model = _dict(cfg.get('model'))
    model = _dict(model.get('algorithm')) or model
    backbone = _dict(model.get('backbone'))
    arch = backbone.get('arch')
    if isinstance(arch, str):
        arch = VisionTransformer.arch_zoo.get(arch.lower())
    heads = _dict(arch).get('num_heads')
    if isinstance(heads, int):
        facts.setdefault('num_heads', [heads])
    eps = _dict(backbone.get('norm_cfg')).get('eps')
    if isinstance(eps, float):
        facts.setdefault('norm_eps', [eps])
    options = {k: backbone[k] for k in _OPTIONS if backbone.get(k)}
    if 'style' in options:
        facts.setdefault('style', [options['style']])
    elif facts.get('style', [_STYLE]) != [_STYLE]:
        options['style'] = facts['style'][0]
    # An import records what the files of the other library said.
    pixels = dict(_dict(meta.get('pixels'))) or config_normalisation(cfg)
    return Description(facts, options, pixels)


def _dict(value: object) -> Mapping:
    return value if isinstance(value, Mapping) else {}
