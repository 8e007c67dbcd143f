from collections.abc import Mapping
from pathlib import Path

from hirl_mm.registry import type_name

from .backbone_config import backbone_config
from .import_backbone import Imported

# Classes with the weights of one of MMPreTrain's.
_CLASSES = {
    'VisionTransformer': ('VisionTransformer', 'MoCoV3ViT', 'DINOViT')
    + ('MaskedViT', 'FrozenViT', 'RegisterViT', 'RegisterMoCoV3ViT'),
    'BEiTViT': ('BEiTViT', 'BEiTPretrainViT'),
    'ResNet': ('ResNet', 'ResNeXt', 'ResNet_CIFAR'),
}
# Classes without registers and rotary positions -> those that have them.
_WITH_REGISTERS = {
    'VisionTransformer': 'hirl_mm.RegisterViT',
    'MoCoV3ViT': 'hirl_mm.RegisterMoCoV3ViT',
}
# What the method and the images decide, not the weights.
_METHOD = 'img_size', 'out_type', 'final_norm'
# Arguments of the network, which the method's own values must not replace.
_NETWORK = (
    *('depth', 'stem_channels', 'base_channels', 'expansion', 'groups'),
    *('width_per_group', 'style', 'strides', 'dilations', 'in_channels'),
    *('arch', 'patch_size', 'qkv_bias', 'norm_cfg', 'layer_cfgs'),
    *('num_registers', 'rotary'),
    *('layer_scale_init_value', 'use_rel_pos_bias'),
    *('use_shared_rel_pos_bias', 'use_abs_pos_emb'),
)


def initial_backbone(
    backbone: Mapping, imported: Imported, checkpoint: str | Path
) -> dict:
    """Return a method's backbone with the network and weights of an import.

    The class, the size of the images, the kind of output, frozen stages and
    drop rates remain those of the method; a class without register tokens
    and rotary positions becomes the one that has them, if the file needs it.
    Position embeddings of another size are interpolated when the weights are
    loaded. Norms of ResNets remain the method's (``norm_cfg``, such as
    SyncBN).

    Args:
        backbone: The ``model.backbone`` of the method's config.
        imported: What the checkpoint holds, see
            :func:`~hirl_mm.checkpoints.import_backbone.import_backbone`.
        checkpoint: Path of the file with MMPreTrain's names that
            :func:`~hirl_mm.checkpoints.import_release.import_checkpoint`
            wrote.

    Returns:
        Arguments of the backbone, with an ``init_cfg`` that loads the
        weights strictly. The neck's ``in_channels`` must be
        :func:`feature_width`.

    Raises:
        ValueError: If the method trains another kind of network, MMPreTrain
            has no such network, or the number of heads is unknown.
    """
    config = backbone_config(imported)
    own = type_name(backbone['type'])
    found = type_name(config['type'])
    kind = next(k for k in _CLASSES if found in _CLASSES[k])
    if own not in _CLASSES[kind]:
        raise ValueError(
            f'{checkpoint} holds a {imported.family.name}, but this method '
            f'trains a {own}. Choose a method that trains a '
            f'{imported.family.name}, or give a checkpoint of the other kind'
        )
    resnet = kind == 'ResNet'
    network = {
        key: value
        for key, value in config.items()
        if key not in _METHOD and (resnet or key != 'type')
    }
    kept = {
        key: value
        for key, value in backbone.items()
        if key not in _NETWORK or (resnet and key == 'norm_cfg')
    }
    if config.get('num_registers') and own in _WITH_REGISTERS:
        kept['type'] = _WITH_REGISTERS[own]
    init_cfg = dict(
        type='Pretrained', _scope_='hirl_mm', checkpoint=str(checkpoint)
    )
    return kept | network | dict(init_cfg=init_cfg)


def feature_width(imported: Imported) -> int:
    """Return the number of features of the last stage or block."""
    state = imported.state
    if 'cls_token' in state:
        return state['cls_token'].shape[-1]
    last = 'conv3' if 'layer4.0.conv3.weight' in state else 'conv2'
    return state[f'layer4.0.{last}.weight'].shape[0]
