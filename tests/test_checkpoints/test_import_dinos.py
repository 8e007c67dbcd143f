"""DINOv2 with registers and DINOv3 compute the same here, in float64."""

import json

import pytest
import safetensors.torch
import timm
import torch
import transformers
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_backbone import (
    import_backbone,
    import_weights,
)
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.initial_backbone import initial_backbone
from tests.algorithms import build, plain_config
from tests.dinov3_files import released_dinov3, transformers_dinov3
from tests.libraries import huggingface, scaled, timm_dinov3, timm_vit
from tests.released import HEADS, SIZE, WIDTH, junk, under

pytestmark = pytest.mark.slow
R = 4
EXACT = dict(rtol=1e-9, atol=1e-9)
# Grids whose coordinates float32 holds, as in timm: of the size of the
# network, not square, and smaller.
GRIDS = [(4, 4), (4, 8), (8, 2), (2, 2)]


def inputs(height=SIZE, width=SIZE):
    generator = torch.Generator().manual_seed(3)
    shape = 2, 3, height, width
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def kept(tokens):
    """Without registers, which stand after the class token."""
    return torch.cat([tokens[:, :1], tokens[:, 1 + R :]], dim=1)


def built(imported, **options):
    config = backbone_config(imported) | dict(out_type='raw') | options
    net = MODELS.build(config).double()
    net.load_state_dict(imported.state)
    net.eval()
    return net


def assert_same(net, forward, x, imported):
    """All tokens, and the gradient of the image."""
    own = built(imported)
    results = []
    for call in (lambda x: own(x)[0], forward):
        image = x.clone().requires_grad_()
        output = call(image)
        weights = torch.linspace(-1, 1, output.numel(), dtype=torch.float64)
        (output.flatten() * weights).sum().backward()
        results.append((output.detach(), image.grad))
    (given, gradient), (expected, wanted) = results
    assert expected.std(dim=0).mean() > 1e-2 and wanted.abs().max() > 1e-2
    torch.testing.assert_close(given, expected, **EXACT)
    torch.testing.assert_close(gradient, wanted, **EXACT)


DINOV3 = {
    'biases': {},
    'no biases': dict(qkv_bias=False),
    'gated': dict(gated=True),
    'no layer scale': dict(init_values=None),
    'other sizes': dict(num_reg_tokens=R, patch_size=16, img_size=64),
}


@pytest.mark.parametrize('case', DINOV3)
def test_dinov3_of_timm(case):
    net = timm_dinov3(**DINOV3[case])
    imported = import_weights(net.state_dict(), num_heads=HEADS)
    assert 'DINOv3, timm' in imported.release.source
    config = backbone_config(imported)
    assert config['type'] == 'hirl_mm.RegisterViT' and config['rotary']
    assert config['norm_cfg'] == dict(type='LN', eps=1e-5)
    patch = config['patch_size']
    for rows, columns in GRIDS:
        x = inputs(rows * patch, columns * patch)
        assert_same(net, lambda x: kept(net.forward_features(x)), x, imported)


@pytest.mark.parametrize('whole', [True, False])
@pytest.mark.parametrize('gated', [True, False])
def test_dinov3_as_released(gated, whole):
    net = timm_dinov3(gated)
    state = released_dinov3(net)
    assert ('blocks.0.mlp.w3.weight' in state) == gated
    if whole:
        teacher = under('backbone.', state) | junk('dino_head.mlp.0.weight')
        state = dict(teacher=teacher | junk('ibot_head.mlp.0.weight'))
    imported = import_weights(state)
    # By the number of periods; width 24 has no usual one.
    assert imported.num_heads == HEADS
    assert imported.left_out == ['mask_token', 'local_cls_norm.weight']
    x = inputs(32, 64)
    assert_same(net, lambda x: kept(net.forward_features(x)), x, imported)


def test_heads_of_dinov3_by_the_width():
    """Without periods; H+ has 20 heads, a ViT-H of others 16."""
    for width, heads in ((384, 6), (1280, 20), (4096, 32)):
        with torch.device('meta'):
            net = timm.create_model(
                'vit_small_patch16_dinov3', embed_dim=width, depth=1
            )
        state = {k: torch.zeros(v.shape) for k, v in net.state_dict().items()}
        assert import_weights(state).num_heads == heads


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        (
            {'rope_embed.periods': torch.tensor([1.0, 5.0])},
            r'periods of its rotary positions \(rope_embed.periods, \[1.0, 5',
        ),
        (
            {'blocks.1.attn.qkv.bias_mask': torch.ones(3 * WIDTH)},
            'blocks.1.attn.qkv.bias_mask masks other biases than those of',
        ),
        ({'blocks.0.mlp.w2.bias': None}, 'missing: blocks.0.mlp.w2.bias'),
        ({'norm.weight': None}, 'missing: norm.weight. The file is cut'),
        ({'extra': torch.zeros(2)}, '1 tensors .* no counterpart: extra'),
        (
            {'storage_tokens': None},
            'without the register tokens of DINOv3 .rope_embed.periods',
        ),
    ],
)
def test_other_networks_than_dinov3(changed, message):
    state = released_dinov3(timm_dinov3(gated=True)) | changed
    state = {key: value for key, value in state.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        import_weights(state)


def test_biases_of_timm_are_cut_short():
    state = timm_dinov3().state_dict()
    del state['blocks.1.attn.v_bias']
    with pytest.raises(ValueError, match='missing: blocks.1.attn.v_bias'):
        import_weights(state)


@pytest.mark.parametrize('gated', [True, False])
def test_dinov3_of_transformers(gated, tmp_path):
    """Back to the same files; the features are those of timm."""
    net = timm_dinov3(gated)
    state = transformers_dinov3(net)
    config = dict(num_attention_heads=HEADS, layer_norm_eps=1e-5)
    config |= dict(rope_theta=100.0, use_gated_mlp=gated, key_bias=False)
    config |= dict(hidden_act='silu' if gated else 'gelu')
    torch.save(state, tmp_path / 'pytorch_model.bin')
    (tmp_path / 'config.json').write_text(json.dumps(config))
    imported = import_backbone(tmp_path)
    assert imported.left_out == ['embeddings.mask_token']
    x = inputs(32, 64)
    assert_same(net, lambda x: kept(net.forward_features(x)), x, imported)
    import_checkpoint(tmp_path, tmp_path / 'in.pth')
    out = tmp_path / 'out'
    exported = export_backbone(tmp_path / 'in.pth', 'huggingface', out)
    assert exported.load.startswith('transformers.DINOv3ViTModel.from_pre')
    written = safetensors.torch.load_file(out / 'model.safetensors')
    assert not written.pop('embeddings.mask_token').any()
    del state['embeddings.mask_token']
    assert written.keys() == state.keys()
    for key, value in written.items():
        assert torch.equal(value, state[key].to(value.dtype)), key
    given = json.loads((out / 'config.json').read_text())
    assert config.items() <= given.items()
    assert (
        given['intermediate_size'] == 48 and given['num_register_tokens'] == R
    )


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (dict(rope_theta=10.0), 'rope_theta=10.0 .* the base 100.0'),
        (dict(hidden_act='silu'), "this DINOv3 has hidden_act='silu'.*GELU"),
    ],
)
def test_config_of_another_dinov3(config, message, tmp_path):
    state = transformers_dinov3(timm_dinov3())
    torch.save(state, tmp_path / 'pytorch_model.bin')
    (tmp_path / 'config.json').write_text(json.dumps(config))
    with pytest.raises(ValueError, match=message):
        import_backbone(tmp_path)


def test_biases_of_keys():
    state = transformers_dinov3(timm_dinov3())
    state['layer.1.attention.k_proj.bias'] = torch.ones(WIDTH)
    with pytest.raises(ValueError, match='keys .* bias .layer.1.attention.k'):
        import_weights(state, num_heads=HEADS)


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
    net = timm_vit(reg_tokens=R, no_embed_class=True, init_values=1e-5)
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
    net = timm_vit(reg_tokens=R, no_embed_class=True, init_values=1e-5)
    state = net.state_dict()
    state['register_tokens'] = state.pop('reg_token')
    extra = torch.randn(1, 1, WIDTH, dtype=torch.float64)
    state['cls_token'] = state['cls_token'] - extra
    state['pos_embed'] = torch.cat([extra, state['pos_embed']], dim=1)
    imported = import_weights(state | junk('mask_token'), num_heads=HEADS)
    assert imported.left_out == ['mask_token']
    x = inputs()
    assert_same(net, lambda x: kept(net.forward_features(x)), x, imported)


TO_TIMM = {
    **{name: (timm_dinov3, options) for name, options in DINOV3.items()},
    'registers': (
        timm_vit,
        dict(reg_tokens=R, no_embed_class=True, init_values=1e-5),
    ),
}


@pytest.mark.parametrize('case', TO_TIMM)
def test_back_to_timm(case, tmp_path):
    """The call that is printed builds a network with the same features."""
    make, options = TO_TIMM[case]
    net = make(**options)
    file = tmp_path / 'net.safetensors'
    state = {k: v.float() for k, v in net.state_dict().items()}
    safetensors.torch.save_file(state, file)
    import_checkpoint(file, tmp_path / 'in.pth', num_heads=HEADS)
    out = tmp_path / 'out.safetensors'
    exported = export_backbone(tmp_path / 'in.pth', 'timm', out)
    scope = dict(timm=timm, safetensors=safetensors)
    other = eval(exported.load.partition('.load_state')[0], scope)
    other.load_state_dict(safetensors.torch.load_file(out))
    x = inputs(64, 64) if case == 'other sizes' else inputs()
    net.load_state_dict(state)
    torch.testing.assert_close(other.double().eval()(x), net(x), **EXACT)


def test_epsilon_of_timm(tmp_path):
    """Timm's DINOv3 has 1e-5; a network with another goes to transformers."""
    file = tmp_path / 'in.pth'
    imported = import_weights(timm_dinov3().state_dict(), num_heads=HEADS)
    weights = under('backbone.', imported.state)
    facts = dict(num_heads=[HEADS], norm_eps=[1e-6])
    torch.save(dict(state_dict=weights, meta=dict(backbone=facts)), file)
    with pytest.raises(ValueError, match='of DINOv3 use epsilon 1e-05, this '):
        export_backbone(file, 'timm', tmp_path / 'out.safetensors')
    export_backbone(file, 'huggingface', tmp_path / 'out')


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
        net = timm_vit(reg_tokens=R, no_embed_class=True, init_values=1e-5)
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
