from math import isqrt

from torch import Tensor

from .names import Names, count_of

# timm -> MMPreTrain; DINO, iBOT, MoCo v3 and HIRL took over timm's names.
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
    """timm's prefix of every block in ``state`` -> MMPreTrain's."""
    depth = max(count_of(state, 'blocks'), count_of(state, 'layers'))
    return {f'blocks.{i}': f'layers.{i}' for i in range(depth)}


def module_pairs(state: dict[str, Tensor]) -> dict[str, str]:
    """Names of all weights and biases of a transformer.

    Either the norm of all tokens, 'norm', or that of their mean, 'fc_norm',
    may be absent, but not both.

    Args:
        state: The network in timm's or MMPreTrain's names.
    """
    outer = dict(_OUTER)
    if not {'fc_norm.weight', 'ln2.weight'} & state.keys():
        del outer['fc_norm']
    elif not {'norm.weight', 'ln1.weight'} & state.keys():
        del outer['norm']
    modules = outer | {
        f'{theirs}.{k}': f'{ours}.{v}'
        for theirs, ours in block_pairs(state).items()
        for k, v in BLOCK_MODULES.items()
    }
    return {
        f'{theirs}.{name}': f'{ours}.{name}'
        for theirs, ours in modules.items()
        for name in ('weight', 'bias')
    }


def vit_names(state: dict[str, Tensor]) -> Names:
    """timm's names of a vision transformer -> MMPreTrain's.

    Args:
        state: The network in either, without its head.
    """
    pairs = dict(cls_token='cls_token', pos_embed='pos_embed')
    pairs |= module_pairs(state)
    biases = [v for v in pairs.values() if v.endswith('.attn.qkv.bias')]
    return Names(pairs, frozenset(biases))


def vit_shape(state: dict[str, Tensor]) -> dict[str, int | bool]:
    """What the shapes of a ViT or BEiT tell.

    Args:
        state: The network in MMPreTrain's names.

    Returns:
        ``width``, ``depth``, ``hidden`` (of the MLP), ``channels`` (of the
        image), ``patch`` and ``image`` (pixels of a side), ``qkv_bias``.

    Raises:
        ValueError: If image or patch are not square.
    """
    width, channels, patch, other = state[
        'patch_embed.projection.weight'
    ].shape
    if 'pos_embed' in state:
        cells = state['pos_embed'].shape[1] - 1
        side = isqrt(cells)
        square = side**2 == cells
    else:
        # All offsets of two cells, each from 1 - side to side - 1, and 3 of
        # the class token.
        tables = [v for k, v in state.items() if k.endswith('_bias_table')]
        cells = tables[0].shape[0] - 3 if tables else 0
        side = (isqrt(cells) + 1) // 2
        square = (2 * side - 1) ** 2 == cells
    if not square or patch != other:
        raise ValueError(
            f'the positions of this network, patches of {patch} x {other} '
            'pixels, are not those of a square image in square patches and a '
            'class token, which other libraries expect'
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
