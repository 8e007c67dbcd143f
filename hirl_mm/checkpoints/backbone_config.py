import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from hirl_mm.checkpoints.layouts.families import BEIT, RESNET
from hirl_mm.checkpoints.layouts.resnet import is_bottleneck, resnet_depths
from hirl_mm.checkpoints.layouts.vit import vit_shape

from .import_backbone import Imported
from .matching import match, required_weights
from .mismatch import differences
from .trained_backbone import LAYER_NORM_EPS

_DEPTHS: dict[tuple[int, ...], int] = {
    (False, 2, 2, 2, 2): 18,
    (False, 3, 4, 6, 3): 34,
    (True, 3, 4, 6, 3): 50,
    (True, 3, 4, 23, 3): 101,
    (True, 3, 8, 36, 3): 152,
}
_BATCH_NORM_EPS = 1e-5
_STEM, _SMALL_STEM = 7, 3
_CHANNELS = 64
_COLOURS = 3
_EXPANSION = 4
# Names of MMPreTrain: width, depth, heads, width of the MLP.
_ARCHS = {
    (192, 12, 3, 768): 'deit-tiny',
    (384, 12, 6, 1536): 'deit-small',
    (768, 12, 12, 3072): 'deit-base',
    (1024, 24, 16, 4096): 'large',
    (1280, 32, 16, 5120): 'huge',
}
_BEITS = 'deit-tiny', 'deit-small', 'deit-base', 'large'
# Any positive number builds the layers; the file has their values.
_LAYER_SCALE = 1e-5


def backbone_config(imported: Imported) -> dict:
    """Return the config of a backbone that fits weights.

    It describes the network alone; ``init_cfg``, ``out_type``, frozen stages
    and rates are the caller's. Types are those of MMPreTrain, without
    ``mmpretrain.``, or ``hirl_mm.RegisterViT`` for networks with register
    tokens and rotary positions, which MMPreTrain does not have. A method that
    needs another class with the same weights, such as ``hirl_mm.DINOViT``
    instead of ``VisionTransformer``, takes all arguments but ``type``.

    Args:
        imported: The backbone, see
            :func:`~hirl_mm.checkpoints.import_backbone.import_backbone`.

    Returns:
        Arguments with ``type``: of ``ResNet``, ``ResNet_CIFAR`` or
        ``ResNeXt`` at least ``depth``; of ``VisionTransformer`` and
        ``BEiTViT`` ``arch``, ``img_size`` (the side in pixels that the
        position embeddings belong to) and ``patch_size``. A ViT that
        normalises the mean of its tokens (``fc_norm`` of timm) has
        ``final_norm=False`` and ``out_type='avg_featmap'``; one with rotary
        positions fits any ``img_size`` and has none.

    Raises:
        ValueError: If MMPreTrain has no such network, or the number of
            attention heads is unknown.

    Example:
        Of ``dinov2_vits14_pretrain.pth`` it is ``dict(
        type='VisionTransformer', arch='deit-small', img_size=518,
        patch_size=14, layer_scale_init_value=1e-05)``.
    """
    if imported.family.name == RESNET.name:
        config = _resnet(imported.state) | imported.described.options
        config |= _norm(imported, 'BN', _BATCH_NORM_EPS)
    else:
        config = _transformer(imported) | _norm(imported, 'LN', LAYER_NORM_EPS)
    _check(config, imported.state)
    return config


def _norm(imported: Imported, kind: str, usual: float) -> dict:
    """Arguments of norms whose epsilon is not the usual one."""
    (eps,) = imported.described.facts.get('norm_eps', [usual])
    return {} if eps == usual else dict(norm_cfg=dict(type=kind, eps=eps))


def _check(config: dict, state: dict[str, Tensor]) -> None:
    """Raise if the network of the config has other weights than the file."""
    # The constructor of MMPreTrain's ResNet reads values of tensors.
    resnet = config['type'].startswith('Res')
    with torch.device('cpu' if resnet else 'meta'):
        module = MODELS.build(config)
    found = match(required_weights(module), state)
    if len(found.matched) < found.total or found.unused:
        phrases = differences(found) or [f'unused: {found.unused[:5]}']
        raise ValueError(
            f'there is no {config["type"]} of these sizes. The nearest, '
            f'{config}, differs: {"; ".join(phrases)}. Use a network as '
            'published'
        )


def _resnet(state: dict[str, Tensor]) -> dict:
    bottleneck, blocks = is_bottleneck(state), resnet_depths(state)
    depth = _DEPTHS.get((bottleneck, *blocks))
    stem = state['conv1.weight'].shape
    if depth is None or stem[2] not in (_STEM, _SMALL_STEM):
        raise ValueError(
            f'MMPreTrain has no ResNet with {blocks} '
            f'{"bottlenecks" if bottleneck else "blocks"} per stage and a '
            f'stem of {stem[2]} x {stem[3]}: it has ResNet-18, 34, 50, 101 '
            'and 152 with stems of 7 x 7 or 3 x 3. Use one of these'
        )
    kind = 'ResNet' if stem[2] == _STEM else 'ResNet_CIFAR'
    config = dict(type=kind, depth=depth)
    if stem[1] != _COLOURS:
        config['in_channels'] = stem[1]
    if stem[0] != _CHANNELS:
        config['stem_channels'] = stem[0]
    middle, inputs = state['layer1.0.conv2.weight'].shape[:2]
    if not bottleneck:
        if middle != _CHANNELS:
            config['base_channels'] = middle
        return config
    width = state['layer1.0.conv3.weight'].shape[0]
    if middle != inputs:
        return config | _groups(kind, width, middle, middle // inputs)
    expansion = width // middle
    if expansion != _EXPANSION:
        config['expansion'] = expansion
    if middle != _CHANNELS:
        config['base_channels'] = middle
    return config


def _groups(kind: str, width: int, middle: int, groups: int) -> dict:
    """Arguments of a ResNeXt whose first stage has ``middle`` channels."""
    if kind != 'ResNet':
        raise ValueError(
            'MMPreTrain has no ResNeXt with a stem of 3 x 3. Use a ResNet'
        )
    config = dict(
        type='ResNeXt', groups=groups, width_per_group=middle // groups
    )
    if width != _EXPANSION * _CHANNELS:
        config['base_channels'] = width // _EXPANSION
    return config


def _transformer(imported: Imported) -> dict:
    state, heads = imported.state, imported.num_heads
    shape, beit = vit_shape(state), imported.family.name == BEIT.name
    if heads is None:
        raise ValueError(
            f'the number of attention heads of this {imported.family.name} '
            f'of width {shape["width"]} is unknown, because its weights do '
            'not contain it: import it with num_heads (--num-heads of '
            'tools/model_converters/import_checkpoint.py), and use the file '
            'that this writes'
        )
    sizes = shape['width'], shape['depth'], heads, shape['hidden']
    names = ('embed_dims', 'num_layers', 'num_heads', 'feedforward_channels')
    known = _ARCHS.get(sizes)
    usable = known is not None and (not beit or known in _BEITS)
    arch = known if usable else dict(zip(names, sizes, strict=True))
    kind = 'BEiTViT' if beit else 'VisionTransformer'
    if shape['registers']:
        kind = 'hirl_mm.RegisterViT'
    config: dict = dict(type=kind, arch=arch, patch_size=shape['patch'])
    if not shape['rotary']:
        config['img_size'] = shape['image']
    if shape['channels'] != _COLOURS:
        config['in_channels'] = shape['channels']
    return config | (_beit(state) if beit else _vit(state, shape))


def _vit(state: dict[str, Tensor], shape: dict) -> dict:
    config: dict = {}
    if not shape['qkv_bias']:
        config['qkv_bias'] = False
    if shape['layer_scale']:
        config['layer_scale_init_value'] = _LAYER_SCALE
    if shape['registers']:
        config['num_registers'] = shape['registers']
    if shape['rotary']:
        config['rotary'] = True
    if shape['gated']:
        config['layer_cfgs'] = dict(ffn_type='swiglu_fused')
    if 'ln2.weight' in state:
        config['out_type'] = 'avg_featmap'
    if 'ln1.weight' not in state:
        config['final_norm'] = False
    return config


def _beit(state: dict[str, Tensor]) -> dict:
    shared = any(key.startswith('rel_pos_bias.') for key in state)
    own = any(
        key.startswith('layers.') and key.endswith('_bias_table')
        for key in state
    )
    config: dict = dict(use_rel_pos_bias=own, use_shared_rel_pos_bias=shared)
    if 'pos_embed' in state:
        config['use_abs_pos_emb'] = True
    if 'layers.0.gamma_1' not in state:
        config['layer_scale_init_value'] = 0
    mean = 'ln2.weight' in state
    config['out_type'] = 'avg_featmap' if mean else 'cls_token'
    config['final_norm'] = 'ln1.weight' in state
    return config
