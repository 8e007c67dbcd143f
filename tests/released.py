"""Networks as released files hold them, beside what else these hold."""

import json
import re
from pathlib import Path

import timm
import torch
import torchvision
from mmpretrain.models import BEiTViT, ResNet, VisionTransformer
from timm.models.beit import Beit

WIDTH, HEADS, SIZE, PATCH = 24, 3, 32, 8
ARCH = dict(
    embed_dims=WIDTH, num_layers=2, num_heads=HEADS, feedforward_channels=48
)
_TIMM = dict(
    img_size=SIZE,
    patch_size=PATCH,
    embed_dim=WIDTH,
    depth=2,
    num_heads=HEADS,
    mlp_ratio=2.0,
    num_classes=0,
)


def scrambled(module, seed):
    """The module in evaluation mode, with no value of its initialisation."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor, low, high):
        tensor.data.uniform_(low, high, generator=generator)

    for name, tensor in module.state_dict(keep_vars=True).items():
        if name.endswith('running_var'):
            uniform(tensor, 0.5, 1.5)
        elif tensor.ndim == 4 and 'patch' not in name:
            bound = (3 / tensor[0].numel()) ** 0.5
            uniform(tensor, -bound, bound)
        elif tensor.is_floating_point():
            # Affine weights of norms are far from 0, or nothing gets through.
            norm = re.search(r'(bn\d|ln\d|norm\d?|downsample\.1).weight', name)
            uniform(tensor, *((0.5, 1.5) if norm else (-0.3, 0.3)))
    # That of MMPreTrain's backbones returns nothing.
    module.eval()
    return module


def torchvision_resnet(depth, seed):
    net = getattr(torchvision.models, f'resnet{depth}')()
    net.fc = torch.nn.Identity()
    return scrambled(net, seed)


def timm_vit(seed, **options):
    net = timm.models.VisionTransformer(**_TIMM, **options)
    return scrambled(net, seed)


def timm_beit(seed, *, shared=True, **options):
    """A BEiT with biases shared by the blocks, or of every block's own."""
    net = Beit(
        **_TIMM,
        use_abs_pos_emb=False,
        use_shared_rel_pos_bias=shared,
        use_rel_pos_bias=not shared,
        **dict(init_values=0.1) | options,
    )
    return scrambled(net, seed)


def beit_state(net):
    """Its tensors as microsoft/unilm has them, with indices of positions."""
    state = net.state_dict()
    for name, module in net.named_modules():
        index = getattr(module, 'relative_position_index', None)
        if index is not None:
            state[f'{name}.relative_position_index'] = index
    return state


def mm_resnet(depth=50, **options):
    return ResNet(depth, **options)


def mm_vit(**options):
    options = dict(arch=ARCH, img_size=SIZE, patch_size=PATCH) | options
    return VisionTransformer(**options)


def mm_beit(*, shared=True, **options):
    options = dict(out_type='cls_token', final_norm=True) | options
    options = dict(arch=ARCH, img_size=SIZE, patch_size=PATCH) | options
    return BEiTViT(
        use_rel_pos_bias=not shared,
        use_shared_rel_pos_bias=shared,
        **options,
    )


def images(size=SIZE):
    generator = torch.Generator().manual_seed(7)
    return torch.randn(3, 3, size, size, generator=generator)


@torch.no_grad()
def features(net, size=SIZE):
    """(3, D) features of the same three images; means of a ResNet's map."""
    output = net(images(size))
    if isinstance(output, tuple):
        (output,) = output
    return output.mean(dim=(2, 3)) if output.ndim == 4 else output


def under(prefix, state):
    return {f'{prefix}{key}': value for key, value in state.items()}


def junk(*names):
    """Tensors of other parts, which make features NaN if they are used."""
    return {name: torch.full((2, 2), torch.nan) for name in names}


LAYOUTS = json.loads(
    (Path(__file__).parent / 'data/hirl_layouts.json').read_text()
)


def hirl_file(name, evaluated, other):
    """A file of HIRL's released code, narrow.

    Args:
        name: Of the model; its keys are those of the release, but for blocks
            that the networks do not have.
        evaluated: State dict of what downstream tasks get, by its prefixes.
        other: State dict of the network under all other prefixes.
    """
    layout = LAYOUTS[name]
    prefixes, state = evaluated
    weights = {}
    for prefix in layout['prefixes']:
        weights |= under(prefix, state if prefix in prefixes else other)
    for group in layout['others']:
        for prefix in group['prefixes']:
            weights |= under(prefix, junk(*group['tensors']))
    return dict(model=weights, epoch=200, args=dict(lr=0.03))


def full_size_file(name):
    """All keys and shapes of a release, without memory for the values."""
    layout = LAYOUTS[name]
    with torch.device('meta'):
        if layout['network'] == 'resnet50':
            net = torchvision.models.resnet50()
            del net.fc
        else:
            net = timm.models.VisionTransformer(num_classes=0)
    shapes = {k: v.shape for k, v in net.state_dict().items()}
    keys = {}
    for prefix in layout['prefixes']:
        keys |= under(prefix, shapes)
    for group in layout['others']:
        for prefix in group['prefixes']:
            keys |= under(prefix, group['tensors'])
    zero = torch.zeros(())
    weights = {k: zero.expand(tuple(shape)) for k, shape in keys.items()}
    return dict(model=weights)
