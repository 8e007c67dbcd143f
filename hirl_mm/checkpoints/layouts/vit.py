from math import isqrt

from torch import Tensor

from .names import Names, count_of

# timm -> MMPreTrain. DINO, iBOT, MoCo v3 and HIRL use timm's names.
_OUTER = {
    'patch_embed.proj': 'patch_embed.projection',
    'norm': 'ln1',
    'fc_norm': 'ln2',
}
BLOCK_MODULES = {
    'norm1': 'ln1',
    'attn.qkv': 'attn.qkv',
    'attn.proj': 'attn.proj',
    'norm2': 'ln2',
    'mlp.fc1': 'ffn.layers.0.0',
    'mlp.fc2': 'ffn.layers.1',
}


def block_pairs(state: dict[str, Tensor]) -> dict[str, str]:
    """Map timm's prefix of every block in ``state`` to MMPreTrain's."""
    depth = max(count_of(state, 'blocks'), count_of(state, 'layers'))
    return {f'blocks.{i}': f'layers.{i}' for i in range(depth)}


def module_pairs(state: dict[str, Tensor]) -> dict[str, str]:
    """Map timm's names of a transformer's weights and biases to MMPreTrain's.

    A network has the norm of all tokens ('norm' in timm), the norm of their
    mean ('fc_norm'), or both.

    Args:
        state: State dict of the network with timm's or MMPreTrain's names.
    """
    outer = dict(_OUTER)
    if not {'fc_norm.weight', 'ln2.weight'} & state.keys():
        del outer['fc_norm']
    elif not {'norm.weight', 'ln1.weight'} & state.keys():
        del outer['norm']
    modules = outer | {
        f'{other}.{k}': f'{mmpretrain}.{v}'
        for other, mmpretrain in block_pairs(state).items()
        for k, v in BLOCK_MODULES.items()
    }
    return {
        f'{other}.{name}': f'{mmpretrain}.{name}'
        for other, mmpretrain in modules.items()
        for name in ('weight', 'bias')
    }


def vit_names(state: dict[str, Tensor]) -> Names:
    """Return the names of a vision transformer in timm and MMPreTrain.

    Args:
        state: State dict of the network with the names of either, without
            its head.
    """
    pairs = dict(cls_token='cls_token', pos_embed='pos_embed')
    pairs |= module_pairs(state)
    biases = [v for v in pairs.values() if v.endswith('.attn.qkv.bias')]
    return Names(pairs, frozenset(biases))


def vit_shape(state: dict[str, Tensor]) -> dict[str, int | bool]:
    """Read the architecture of a ViT or BEiT from the shapes of its weights.

    Args:
        state: State dict of the network with MMPreTrain's names.

    Returns:
        ``width`` (embedding dimension), ``depth`` (number of blocks),
        ``hidden`` (width of the MLP), ``channels`` (of the image), ``patch``
        and ``image`` (side in pixels) and ``qkv_bias``.

    Raises:
        ValueError: If the image or the patches are not square.
    """
    width, channels, patch, other = state[
        'patch_embed.projection.weight'
    ].shape
    if 'pos_embed' in state:
        cells = state['pos_embed'].shape[1] - 1
        side = isqrt(cells)
        square = side**2 == cells
    else:
        # A row per offset between two cells, -(side - 1) to side - 1 in
        # each direction, and 3 rows of the class token.
        tables = [v for k, v in state.items() if k.endswith('_bias_table')]
        cells = tables[0].shape[0] - 3 if tables else 0
        side = (isqrt(cells) + 1) // 2
        square = (2 * side - 1) ** 2 == cells
    if not square or patch != other:
        raise ValueError(
            f'the position embeddings of this network with patches of {patch} '
            f'x {other} pixels do not belong to a square image with square '
            'patches and a class token, which other libraries expect'
        )
    return dict(
        width=width,
        depth=count_of(state, 'layers'),
        hidden=state['layers.0.ffn.layers.0.0.weight'].shape[0],
        channels=channels,
        patch=patch,
        image=side * patch,
        qkv_bias='layers.0.attn.qkv.bias' in state
        or 'layers.0.attn.q_bias' in state,
    )
