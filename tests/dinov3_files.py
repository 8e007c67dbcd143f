"""A DINOv3 of timm with the names of other files."""

import torch

from tests.released import junk

# timm -> facebookresearch/dinov3, and this -> transformers.
_RELEASED = {
    'gamma_': 'ls',
    'reg_token': 'storage_tokens',
    'mlp.fc1_g': 'mlp.w1',
    'mlp.fc1_x': 'mlp.w2',
}
_TRANSFORMERS = {
    'blocks.': 'layer.',
    'cls_token': 'embeddings.cls_token',
    'mask_token': 'embeddings.mask_token',
    'storage_tokens': 'embeddings.register_tokens',
    'patch_embed.proj': 'embeddings.patch_embeddings',
    'attn.proj': 'attention.o_proj',
    'attn.qkv': 'attention.qkv',
    'ls1.gamma': 'layer_scale1.lambda1',
    'ls2.gamma': 'layer_scale2.lambda1',
    'mlp.w1': 'mlp.gate_proj',
    'mlp.w2': 'mlp.up_proj',
    'mlp.w3': 'mlp.down_proj',
    'mlp.fc1': 'mlp.up_proj',
    'mlp.fc2': 'mlp.down_proj',
}


def renamed(key, names):
    for other, own in names.items():
        key = key.replace(other, own)
    return key


def released_dinov3(net):
    """As facebookresearch/dinov3 writes it; the biases of keys are masked."""
    old = net.state_dict()
    gated = 'blocks.0.mlp.fc1_g.weight' in old
    state = {}
    for key, value in old.items():
        name = renamed(key, _RELEASED) + '.gamma' * ('gamma_' in key)
        state[name.replace('fc2', 'w3') if gated else name] = value
    for i in range(len(net.blocks)):
        block = f'blocks.{i}.attn'
        queries, values = (state.pop(f'{block}.{n}_bias') for n in 'qv')
        keys = torch.full_like(queries, 7.0)
        state[f'{block}.qkv.bias'] = torch.cat([queries, keys, values])
        mask = torch.ones(3, len(queries))
        mask[1] = 0
        state[f'{block}.qkv.bias_mask'] = mask.flatten()
    # For heads of 8 channels.
    periods = torch.tensor([1.0, 10.0], dtype=torch.bfloat16)
    state['rope_embed.periods'] = periods
    return state | junk('mask_token', 'local_cls_norm.weight')


def transformers_dinov3(net):
    """As ``DINOv3ViTModel`` of transformers 4.57 writes it."""
    state = {}
    for key, value in released_dinov3(net).items():
        name = renamed(key, _TRANSFORMERS)
        if '.qkv.' not in name:
            state[name] = value
            continue
        for part, third in zip('qkv', value.chunk(3), strict=True):
            state[name.replace('qkv', f'{part}_proj')] = third
    dropped = 'bias_mask', 'k_proj.bias', 'periods', 'local_cls_norm.weight'
    return {k: v for k, v in state.items() if not k.endswith(dropped)}
