"""A vision transformer for detectors: maps of any image at four scales.

MMPreTrain's transformer fills images up to whole patches and interpolates
positions; what detectors build on is tested here.
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.runner import turn_on_activation_checkpointing
from mmpretrain.models.backbones import VisionTransformer
from torch import nn

from hirl_mm.models import FourScaleNeck

ARCH = dict(embed_dims=24, num_layers=12, num_heads=2, feedforward_channels=48)
OPTIONS = dict(
    arch=ARCH,
    img_size=64,
    patch_size=16,
    out_indices=[3, 5, 7, 11],
    final_norm=False,
)


def vit():
    torch.manual_seed(0)
    model = VisionTransformer(**copy.deepcopy(OPTIONS), out_type='featmap')
    model.init_weights()
    model.eval()
    return model


@pytest.mark.parametrize(
    ('height', 'width'), [(64, 64), (96, 160), (70, 90), (65, 31), (17, 200)]
)
def test_strides_of_images_of_any_size(height, width):
    model, neck = vit(), FourScaleNeck(24, norm_cfg=dict(type='BN')).eval()
    with torch.no_grad():
        maps = neck(model(torch.randn(2, 3, height, width)))
    for stride, found in zip((4, 8, 16, 32), maps, strict=True):
        patches = -(-height // 16), -(-width // 16)
        assert found.shape == (
            2,
            24,
            *(-(-num * 16 // stride) for num in patches),
        )
        # Every pixel of the image lies under one of the map.
        assert found.size(2) * stride >= height
        assert found.size(3) * stride >= width


def test_maps_are_those_of_the_blocks():
    model = vit()
    plain = VisionTransformer(**copy.deepcopy(OPTIONS), out_type='raw')
    plain.load_state_dict(model.state_dict())
    plain.eval()
    images = torch.randn(2, 3, 64, 48)
    with torch.no_grad():
        for found, tokens in zip(model(images), plain(images), strict=True):
            expected = tokens[:, 1:].transpose(1, 2).reshape(2, 24, 4, 3)
            torch.testing.assert_close(found, expected)


def test_border_is_filled_with_zeros():
    model = vit()
    images = torch.randn(1, 3, 50, 40)
    filled = F.pad(images, (0, 8, 0, 14))
    with torch.no_grad():
        for found, expected in zip(model(images), model(filled), strict=True):
            assert torch.equal(found, expected)


def test_positions_follow_the_grid_of_the_image():
    model = vit()
    with torch.no_grad():
        model.pos_embed.copy_(torch.randn_like(model.pos_embed))
        small = model(torch.zeros(1, 3, 64, 64))[0]
        large = model(torch.zeros(1, 3, 128, 96))[0]
    # Of a black image the patches differ by their positions alone.
    assert large.flatten(2).std(2).min() > 1e-3
    assert not torch.allclose(small, large[..., :4, :4])


def test_checkpointed_activations_give_the_same_gradients():
    images = torch.randn(1, 3, 48, 48)
    gradients = []
    for checkpointed in (False, True):
        model = vit()
        model.train()
        if checkpointed:
            wrapped = nn.ModuleDict(dict(backbone=model))
            names = [f'backbone.layers.{i}' for i in range(12)]
            turn_on_activation_checkpointing(wrapped, names)
        sum(m.square().mean() for m in model(images)).backward()
        gradients.append([p.grad for p in model.parameters()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_scales_against_their_formula():
    neck = FourScaleNeck(6, norm_cfg=dict(type='BN')).eval()
    norm = neck.scales[0][1]
    nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    maps = [torch.randn(2, 6, 4, 5) for _ in range(4)]

    def doubled(layer, x):
        """Every pixel becomes a square of its own."""
        out = torch.einsum('bchw,cdij->bdhiwj', x, layer.weight)
        return out.reshape(2, 6, 2 * x.size(2), -1) + layer.bias.view(6, 1, 1)

    with torch.no_grad():
        found = neck(maps)
        x = doubled(neck.scales[0][0], maps[0]) / (1 + norm.eps) ** 0.5
        x = x * norm.weight.view(6, 1, 1) + norm.bias.view(6, 1, 1)
        x = x * (1 + torch.erf(x / 2**0.5)) / 2
        expected = [
            doubled(neck.scales[0][3], x),
            doubled(neck.scales[1], maps[1]),
            maps[2],
            F.pad(maps[3], (0, 1), value=-9e9)
            .reshape(2, 6, 2, 2, 3, 2)
            .amax((3, 5)),
        ]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_other_numbers_of_maps():
    with pytest.raises(ValueError, match='4 maps are needed, got 2'):
        FourScaleNeck(6, norm_cfg=dict(type='BN'))([torch.zeros(1)] * 2)


def test_norms_of_the_input_maps():
    """What all positions of an image have in common is taken out."""
    plain = FourScaleNeck(6, norm_cfg=dict(type='BN')).eval()
    neck = FourScaleNeck(
        6, norm_cfg=dict(type='BN'), input_norm_cfg=dict(type='IN')
    ).eval()
    neck.load_state_dict(plain.state_dict(), strict=True)
    maps = [3 * torch.randn(2, 6, 4, 5) + 7 for _ in range(4)]
    normed = [(m - m.mean((2, 3), keepdim=True)) for m in maps]
    normed = [
        m / (m.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
        for m in normed
    ]
    with torch.no_grad():
        for found, expected in zip(neck(maps), plain(normed), strict=True):
            torch.testing.assert_close(found, expected)


def test_every_input_map_has_a_norm_of_its_own():
    neck = FourScaleNeck(
        6, norm_cfg=dict(type='BN'), input_norm_cfg=dict(type='LN2d')
    )
    weights = {id(norm.weight) for norm in neck.input_norms}
    assert len(weights) == 4
