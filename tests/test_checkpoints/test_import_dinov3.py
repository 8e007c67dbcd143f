"""DINOv3 computes the same here, in float64."""

import json

import pytest
import safetensors.torch
import timm
import torch

from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_backbone import (
    import_backbone,
    import_weights,
)
from hirl_mm.checkpoints.import_release import import_checkpoint
from tests.dinov3_files import released_dinov3, transformers_dinov3
from tests.libraries import timm_dinov3
from tests.register_networks import (
    R,
    assert_same,
    assert_same_in_timm,
    inputs,
    kept,
)
from tests.released import HEADS, SIZE, WIDTH, junk, under

pytestmark = pytest.mark.slow
# Grids whose coordinates float32 holds, as in timm: of the size of the
# network, not square, and smaller.
GRIDS = [(4, 4), (4, 8), (8, 2), (2, 2)]


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
        (
            {'blocks.0.attn.qkv.bias_mask': torch.zeros(3 * WIDTH)},
            'blocks.0.attn.qkv.bias_mask masks other biases than those of',
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
    assert exported.load.endswith('# transformers 4.56 or later')
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


@pytest.mark.parametrize('case', DINOV3)
def test_back_to_timm(case, tmp_path):
    net = timm_dinov3(**DINOV3[case])
    size = 64 if case == 'other sizes' else SIZE
    assert_same_in_timm(net, inputs(size, size), tmp_path)


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
