import re

from torch import Tensor

from .names import Names

TORCHVISION_KEY = (
    'encoder.layers.encoder_layer_0.self_attention.in_proj_weight'
)
_LAYER = 'encoder.layers.encoder_layer_'
_OUTER = {
    'class_token': 'cls_token',
    'encoder.pos_embedding': 'pos_embed',
    'conv_proj.weight': 'patch_embed.projection.weight',
    'conv_proj.bias': 'patch_embed.projection.bias',
    'encoder.ln.weight': 'ln1.weight',
    'encoder.ln.bias': 'ln1.bias',
}
_BLOCK = {
    'ln_1.': 'ln1.',
    'self_attention.in_proj_': 'attn.qkv.',
    'self_attention.out_proj.': 'attn.proj.',
    'ln_2.': 'ln2.',
    'mlp.0.': 'ffn.layers.0.0.',
    'mlp.3.': 'ffn.layers.1.',
}
# Names of the first releases of torchvision's ViT.
_OLD = {'.mlp.linear_1.': '.mlp.0.', '.mlp.linear_2.': '.mlp.3.'}


def torchvision_vit_names(state: dict[str, Tensor]) -> Names:
    """Return the names of ``torchvision.models.VisionTransformer``.

    Args:
        state: State dict of the network with torchvision's names, without
            its ``heads``.
    """
    numbers = [
        int(found[1])
        for key in state
        if (found := re.match(rf'{_LAYER}(\d+)\.', key))
    ]
    pairs = dict(_OUTER)
    for i in range(max(numbers, default=0) + 1):
        for theirs, own in _BLOCK.items():
            for kind in ('weight', 'bias'):
                pairs[f'{_LAYER}{i}.{theirs}{kind}'] = (
                    f'layers.{i}.{own}{kind}'
                )
    return Names(pairs)


def with_new_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the MLPs of old files to the names of torchvision 0.13."""
    renamed = {}
    for key, value in state.items():
        for old, new in _OLD.items():
            key = key.replace(old, new)
        renamed[key] = value
    return renamed
