"""DINOv2 with registers computes the same here, and methods start from it."""

import pytest
import torch
import transformers
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints import load_backbone
from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_backbone import (
    import_backbone,
    import_weights,
)
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.initial_backbone import initial_backbone
from tests.algorithms import build, plain_config
from tests.libraries import huggingface, scaled, timm_dinov3, timm_vit
from tests.register_networks import (
    EXACT,
    R,
    assert_same,
    assert_same_in_timm,
    built,
    inputs,
    kept,
)
from tests.released import HEADS, WIDTH, junk
from tests.trained_files import logged

pytestmark = pytest.mark.slow


def registers_of_timm():
    return timm_vit(reg_tokens=R, no_embed_class=True, init_values=1e-5)


@pytest.mark.parametrize('swiglu', [True, False])
@pytest.mark.parametrize('kind', ['Dinov2WithRegisters', 'Dinov2'])
def test_dinov2_of_transformers(kind, swiglu, tmp_path):
    """And back, into a model that transformers builds from the files."""
    net = scaled(huggingface(kind, use_swiglu_ffn=swiglu)[1])
    registers = 'register' in str(net.state_dict().keys())
    read = kept if registers else lambda x: x
    imported = import_weights(net.state_dict(), num_heads=HEADS)
    config = backbone_config(imported)
    assert config.get('num_registers', 0) == R * registers
    assert 'rotary' not in config
    x = inputs()
    assert_same(net, lambda x: read(net(x).last_hidden_state), x, imported)

    net.float().save_pretrained(tmp_path / 'in')
    import_checkpoint(tmp_path / 'in', tmp_path / 'in.pth')
    out = tmp_path / 'out'
    exported = export_backbone(tmp_path / 'in.pth', 'huggingface', out)
    assert f'{kind}Model.from_pretrained' in exported.load
    other, found = getattr(transformers, f'{kind}Model').from_pretrained(
        out, output_loading_info=True
    )
    assert not any(found.values())
    a, b = (n.double()(x).last_hidden_state for n in (net, other.eval()))
    torch.testing.assert_close(a, b, **EXACT)


def interpolated(net, imported, x):
    """Timm's network with the positions that ours has for these images.

    Timm smooths when it interpolates, MMPreTrain does not.
    """
    own = built(imported)
    seen = []
    hook = own.layers[0].register_forward_pre_hook(
        lambda layer, args: seen.append(args[0])
    )
    with torch.no_grad():
        own(x)
    hook.remove()
    tokens = seen[0]
    for block in net.blocks:
        tokens = block(tokens)
    return kept(net.norm(tokens))


def test_dinov2_with_registers_of_timm():
    net = registers_of_timm()
    imported = import_weights(net.state_dict(), num_heads=HEADS)
    assert backbone_config(imported)['num_registers'] == R
    assert not imported.state['pos_embed'][:, 0].any()
    x = inputs()
    assert_same(net, lambda x: kept(net.forward_features(x)), x, imported)
    wide = inputs(32, 48)
    (given,) = built(imported)(wide)
    torch.testing.assert_close(
        given, interpolated(net, imported, wide), **EXACT
    )


def test_dinov2_with_registers_as_released():
    """Class token and patches have positions; a file of torch.hub."""
    net = registers_of_timm()
    state = net.state_dict()
    state['register_tokens'] = state.pop('reg_token')
    extra = torch.randn(1, 1, WIDTH, dtype=torch.float64)
    state['cls_token'] = state['cls_token'] - extra
    state['pos_embed'] = torch.cat([extra, state['pos_embed']], dim=1)
    imported = import_weights(state | junk('mask_token'), num_heads=HEADS)
    assert imported.left_out == ['mask_token']
    x = inputs()
    assert_same(net, lambda x: kept(net.forward_features(x)), x, imported)


@pytest.mark.parametrize('network', ['rotary', 'learned'])
def test_images_of_another_size(network, tmp_path):
    """Learned positions are interpolated, rotary ones need nothing."""
    rotary = network == 'rotary'
    net = timm_dinov3() if rotary else registers_of_timm()
    torch.save(net.state_dict(), tmp_path / 'net.pth')
    import_checkpoint(
        tmp_path / 'net.pth', tmp_path / 'in.pth', num_heads=HEADS
    )
    imported = import_weights(net.state_dict(), num_heads=HEADS)
    config = backbone_config(imported) | dict(img_size=48, out_type='raw')
    larger = MODELS.build(config)
    with logged() as records:
        load_backbone(larger, str(tmp_path / 'in.pth'))
    notes = [text for _, text in records if 'interpolated' in text]
    assert len(notes) == (not rotary)
    assert rotary or 'from 4 x 4 to 6 x 6 patches' in notes[0]
    larger.double().eval()
    (expected,) = built(imported)(inputs(48, 48))
    # Weights and positions of the larger network are in float32.
    torch.testing.assert_close(
        larger(inputs(48, 48))[0], expected, rtol=1e-5, atol=1e-5
    )


def test_back_to_timm(tmp_path):
    """The class token of timm contains the position that it has here."""
    assert_same_in_timm(registers_of_timm(), inputs(), tmp_path)


METHODS = {
    'DINO': 'hirl_mm.DINOViT',
    'iBOT': 'hirl_mm.MaskedViT',
    'MoCoV3': 'hirl_mm.RegisterMoCoV3ViT',
}


@pytest.mark.parametrize('network', ['rotary', 'learned'])
@pytest.mark.parametrize('name', METHODS)
def test_method_starts_from_it(name, network, tmp_path):
    """Both branches have the network and its weights."""
    net = timm_dinov3()
    if network == 'learned':
        net = registers_of_timm()
    torch.save(net.state_dict(), tmp_path / 'net.pth')
    imported = import_backbone(tmp_path / 'net.pth', num_heads=HEADS)
    file = tmp_path / 'in.pth'
    import_checkpoint(tmp_path / 'net.pth', file, num_heads=HEADS)
    backbone = initial_backbone(plain_config(name)['backbone'], imported, file)
    assert backbone['type'] == METHODS[name]
    model = build(name, hirl=True, backbone=backbone)
    other = (
        model.momentum_encoder.module[0]
        if name == 'MoCoV3'
        else model.teacher.backbone
    )
    x = inputs()
    for branch in (model.backbone, other):
        branch.double().eval()
        (given,) = branch(x)
        given = given[:, 0] if given.ndim == 3 else given
        torch.testing.assert_close(given, net(x), **EXACT)
