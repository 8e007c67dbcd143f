"""Networks that MMPreTrain's backbones cannot be: in plain words, which part.

The networks are those of timm and transformers, without values.
"""

import json

import pytest
import timm
import torch
import transformers

from hirl_mm.checkpoints.import_backbone import (
    import_backbone,
    import_weights,
)
from hirl_mm.checkpoints.import_release import import_checkpoint
from tests.libraries import timm_dinov3
from tests.released import SIZE, timm_vit, torchvision_resnet

VIT = dict(
    img_size=32,
    patch_size=8,
    embed_dim=24,
    depth=2,
    num_heads=3,
    num_classes=0,
)
HF = dict(
    hidden_size=24,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=48,
    image_size=32,
    patch_size=8,
)


def vit(**options):
    return timm.models.VisionTransformer(**VIT | options)


def of_transformers(kind, name='{}Model', **options):
    config = getattr(transformers, f'{kind}Config')(**HF | options)
    return getattr(transformers, name.format(kind))(config)


def model(name):
    return timm.create_model(name, num_classes=0)


CASES = {
    'eva02': (
        lambda: model('eva02_base_patch14_224'),
        'has rotary positions and separate projections, as EVA-02 .*use a DI',
    ),
    'distilled': (
        lambda: of_transformers('DeiT'),
        'has a distillation token .*use the DeiT .* without distillation',
    ),
    'distilled of timm': (
        lambda: model('deit_tiny_distilled_patch16_224'),
        'has a distillation token .*dist_token',
    ),
    'norms of queries': (
        lambda: vit(qk_norm=True),
        'norms of queries and keys .*blocks.0.attn.q_norm',
    ),
    'norm before': (
        lambda: vit(pre_norm=True),
        "a norm before the blocks, as CLIP's .*norm_pre.weight",
    ),
    'no class token': (
        lambda: vit(class_token=False, global_pool='map'),
        'pooling by attention instead of a class token, as SigLIP',
    ),
    'no class token, mean': (
        lambda: vit(class_token=False, global_pool='avg'),
        'tensors of the backbone are missing: cls_token',
    ),
    'deep stem': (
        lambda: model('resnet18d'),
        'has a stem of several convolutions, .*conv1.0.weight.*resnet50',
    ),
    'squeeze': (
        lambda: model('legacy_seresnet18'),
        'has squeeze-and-excitation layers .*layer1.0.se_module.fc1.weight',
    ),
    'squeeze and excitation': (
        lambda: model('seresnet50'),
        'has squeeze-and-excitation layers .*layer1.0.se.fc1.weight',
    ),
    'clip': (lambda: of_transformers('CLIPVision'), 'like a model of CLIP'),
    'swin': (
        lambda: model('swin_tiny_patch4_window7_224'),
        'looks like a Swin Transformer; this project trains ResNet, ViT',
    ),
    'convnext': (lambda: model('convnext_atto'), 'looks like a ConvNeXt'),
    'efficientnet': (lambda: model('efficientnet_b0'), 'inverted bottlenecks'),
}


@pytest.mark.slow
@pytest.mark.parametrize('case', CASES)
def test_networks(case):
    make, message = CASES[case]
    with torch.device('meta'):
        net = make()
    state = {k: torch.zeros(v.shape) for k, v in net.state_dict().items()}
    with pytest.raises(ValueError, match=rf'(?s){message}'):
        import_weights(state)


@pytest.fixture
def folder(tmp_path):
    """A ViT of transformers with a config of one's own."""

    def write(**config):
        with torch.device('meta'):
            net = of_transformers('ViT')
        state = {k: torch.zeros(v.shape) for k, v in net.state_dict().items()}
        torch.save(state, tmp_path / 'pytorch_model.bin')
        (tmp_path / 'config.json').write_text(json.dumps(config))
        return tmp_path

    return write


def test_activation(folder):
    with pytest.raises(ValueError, match="hidden_act='quick_gelu'.*has GELU"):
        import_backbone(folder(hidden_act='quick_gelu'))


def test_usual_values_without_a_config(folder):
    """Those of transformers; heads cannot be guessed at this width."""
    path = folder()
    (path / 'config.json').unlink()
    imported = import_backbone(path)
    assert imported.described.facts['norm_eps'] == [1e-12]
    assert imported.num_heads is None
    assert import_backbone(path, num_heads=4).num_heads == 4


def test_config_that_is_no_json(folder):
    path = folder()
    (path / 'config.json').write_text('{')
    with pytest.raises(OSError, match=r'config\.json is no valid JSON'):
        import_backbone(path)
    (path / 'config.json').write_text('[]')
    with pytest.raises(OSError, match='holds no JSON object'):
        import_backbone(path)


def test_name_of_timm(tmp_path):
    """resnetblur50 has the tensors of resnet50."""
    torch.save(
        torchvision_resnet(18, 0).state_dict(), tmp_path / 'pytorch_model.bin'
    )
    config = tmp_path / 'config.json'
    config.write_text(json.dumps(dict(architecture='resnet18')))
    import_backbone(tmp_path)
    config.write_text(json.dumps(dict(architecture='resnetblur18')))
    with pytest.raises(ValueError, match="timm's resnetblur18 is not a plain"):
        import_backbone(tmp_path)


@pytest.mark.parametrize(
    ('network', 'name', 'message'),
    [
        ('learned', 'vit_base_patch16_224', None),
        ('learned', 'vit_base_patch16_rope_ape_224', 'is not a plain'),
        ('learned', 'vit_pe_core_base_patch16_224', 'is not a plain'),
        ('rotary', 'vit_small_patch16_dinov3_qkvb', None),
        ('rotary', 'vit_base_patch16_rope_reg1_224', 'but is no DINOv3'),
    ],
)
def test_rotary_positions_by_the_name(network, name, message, tmp_path):
    """Timm's weights do not contain them."""
    net = timm_dinov3() if network == 'rotary' else timm_vit(0)
    torch.save(net.state_dict(), tmp_path / 'pytorch_model.bin')
    config = dict(architecture=name)
    (tmp_path / 'config.json').write_text(json.dumps(config))
    if message is None:
        import_backbone(tmp_path)
        return
    with pytest.raises(ValueError, match=f"timm's {name} .*{message}"):
        import_backbone(tmp_path)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='huggingface-cli download'):
        import_backbone(tmp_path / 'facebook/dinov2-small')


def test_folder_without_weights(tmp_path):
    with pytest.raises(FileNotFoundError, match='it holds nothing'):
        import_backbone(tmp_path)
    (tmp_path / 'tokenizer.json').write_text('{}')
    with pytest.raises(FileNotFoundError, match='it holds tokenizer.json'):
        import_backbone(tmp_path)


def test_broken_safetensors(tmp_path):
    file, out = tmp_path / 'net.safetensors', tmp_path / 'out.pth'
    file.write_bytes(b'\x10' + b'\x00' * 7 + b'{' * 16)
    with pytest.raises(OSError, match='cannot be read as a safetensors file'):
        import_checkpoint(file, out)
    assert not out.exists()


@pytest.mark.parametrize('kind', ['ViT', 'Dinov2', 'ResNet'])
def test_half_of_a_network(kind):
    options = dict(hidden_sizes=[8, 16, 32, 64], depths=[2] * 4)
    options = options if kind == 'ResNet' else {}
    with torch.device('meta'):
        state = of_transformers(kind, **options).state_dict()
    keys = list(state)
    half = {key: state[key] for key in keys[: len(keys) // 2]}
    with pytest.raises(ValueError, match='missing: .*cut short'):
        import_weights(half)


@pytest.mark.parametrize('name', ['query', 'value'])
def test_missing_projection(name):
    with torch.device('meta'):
        state = of_transformers('ViT').state_dict()
    key = f'encoder.layer.1.attention.attention.{name}.weight'
    del state[key]
    with pytest.raises(ValueError, match=f'missing: {key}. The file is cut'):
        import_weights(state)


def test_prefix_of_the_network():
    state = {f'visual.net.{k}': v for k, v in timm_vit(0).state_dict().items()}
    with pytest.raises(ValueError, match='ViT under visual.net.(?s:.*)--pref'):
        import_weights(state)
    for prefix in ('visual.net', 'visual.net.'):
        imported = import_weights(state, prefix=prefix, num_heads=3)
        assert imported.state['pos_embed'].shape[1] == (SIZE // 8) ** 2 + 1
    with pytest.raises(ValueError, match='unknown'):
        import_weights(state, prefix='visual')
