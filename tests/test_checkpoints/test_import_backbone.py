"""Backbones of other libraries compute the same here, in float64."""

import json

import pytest
import safetensors.torch
import timm
import torch
import transformers
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints import load_backbone
from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_backbone import import_backbone
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.initial_backbone import (
    feature_width,
    initial_backbone,
)
from tests.algorithms import build, plain_config
from tests.libraries import (
    huggingface,
    scaled,
    timm_gated,
    timm_resnet,
    timm_vit,
    torchvision_vit,
)
from tests.released import HEADS, SIZE, images, junk, under
from tests.tool_process import run_tool
from tests.trained_files import logged

pytestmark = pytest.mark.slow


@torch.no_grad()
def outputs(net, read=lambda x: x, size=SIZE):
    output = net(images(size).double())
    if isinstance(output, tuple):
        (output,) = output
    output = read(output)
    return output.mean(dim=(2, 3)) if output.ndim == 4 else output


def loaded(source, folder, **options):
    """The backbone of the config, initialised as a training does."""
    config = backbone_config(import_backbone(source, **options))
    out = folder / 'imported.pth'
    import_checkpoint(source, out, **options)
    init = dict(type='Pretrained', _scope_='hirl_mm', checkpoint=str(out))
    net = MODELS.build(dict(config, init_cfg=init))
    net.init_weights()
    net.double().eval()
    return net, config


def assert_same(source, expected, folder, **options):
    net, config = loaded(source, folder, **options)
    assert expected.std(dim=0).mean() > 1e-3
    torch.testing.assert_close(outputs(net), expected, rtol=1e-9, atol=1e-9)
    return config


def stored(state, path):
    safetensors.torch.save_file(
        {key: value.float().contiguous() for key, value in state.items()},
        path,
    )
    return path


def in_folder(net, folder, model=None):
    """A folder of Hugging Face, written by transformers."""
    folder = folder / 'model'
    net.float().save_pretrained(folder)
    net.double()
    return folder


TIMM = {
    'dinov2': (timm_vit, dict(init_values=1e-5)),
    'swiglu': (timm_gated, {}),
    'patches have positions': (
        timm_vit,
        dict(no_embed_class=True, init_values=1e-5),
    ),
    'no biases': (timm_vit, dict(qkv_bias=False)),
    'norm of the mean': (timm_vit, dict(global_pool='avg')),
}


@pytest.mark.parametrize('case', TIMM)
def test_vit_of_timm(case, tmp_path):
    make, options = TIMM[case]
    net = make(**options)
    file = stored(net.state_dict(), tmp_path / 'net.safetensors')
    config = assert_same(file, outputs(net), tmp_path, num_heads=HEADS)
    assert config['img_size'] == SIZE
    assert ('layer_scale_init_value' in config) == hasattr(
        net.blocks[0].ls1, 'gamma'
    )


def dinov2_state(net):
    """As facebookresearch/dinov2 writes it: blocks in chunks, a mask token."""
    state = {}
    for key, value in net.state_dict().items():
        parts = key.split('.')
        if parts[0] == 'blocks':
            parts.insert(1, '0' if parts[1] == '0' else '1')
        state['.'.join(parts)] = value.float()
    return state | junk('mask_token')


@pytest.mark.parametrize('whole', [True, False])
def test_dinov2(whole, tmp_path):
    net = timm_vit(init_values=1e-5)
    state = dinov2_state(net)
    assert 'blocks.1.1.attn.qkv.weight' in state
    if whole:
        teacher = under('backbone.', state) | junk('dino_head.mlp.0.weight')
        state = dict(teacher=teacher | junk('ibot_head.mlp.0.weight'))
    torch.save(state, tmp_path / 'net.pth')
    assert_same(tmp_path / 'net.pth', outputs(net), tmp_path, num_heads=HEADS)


def test_gated_mlp_with_the_names_of_dinov2(tmp_path):
    net = timm_gated()
    state = {
        k.replace('mlp.fc1', 'mlp.w12').replace('mlp.fc2', 'mlp.w3'): v
        for k, v in net.state_dict().items()
    }
    file = stored(state, tmp_path / 'net.safetensors')
    config = assert_same(file, outputs(net), tmp_path, num_heads=HEADS)
    assert config['layer_cfgs'] == dict(ffn_type='swiglu_fused')


def test_deit_iii(tmp_path):
    """Of facebookresearch/deit: gamma_1, no position of the class token."""
    net = timm_vit(no_embed_class=True, init_values=1e-5)
    state = {
        k.replace('ls1.gamma', 'gamma_1').replace('ls2.gamma', 'gamma_2'): v
        for k, v in net.state_dict().items()
    }
    torch.save(dict(model=state), tmp_path / 'net.pth')
    assert_same(tmp_path / 'net.pth', outputs(net), tmp_path, num_heads=HEADS)


RESNETS = {
    'basic': dict(bottleneck=False),
    'bottleneck': {},
    'wide': dict(base_width=128),
    'groups': dict(cardinality=2, base_width=32),
}


@pytest.mark.parametrize('case', RESNETS)
def test_resnet_of_timm(case, tmp_path):
    net = timm_resnet(**RESNETS[case])
    file = stored(net.state_dict(), tmp_path / 'net.safetensors')
    config = assert_same(file, outputs(net), tmp_path)
    assert config['type'] == ('ResNeXt' if case == 'groups' else 'ResNet')
    assert config['depth'] == (18 if case == 'basic' else 50)


@pytest.mark.parametrize('old', [True, False])
def test_vit_of_torchvision(old, tmp_path):
    net = torchvision_vit()
    state = net.state_dict() | junk('heads.head.weight')
    if old:
        state = {
            k.replace('mlp.0', 'mlp.linear_1').replace(
                'mlp.3', 'mlp.linear_2'
            ): v
            for k, v in state.items()
        }
    torch.save(state, tmp_path / 'net.pth')
    assert_same(tmp_path / 'net.pth', outputs(net), tmp_path, num_heads=HEADS)


def class_token(output):
    return output.last_hidden_state[:, 0]


def pooled(output):
    return output.pooler_output.flatten(1)


HUGGINGFACE = {
    'vit': ('ViT', {}, class_token),
    'vit, wide eps': ('ViT', dict(layer_norm_eps=1e-3), class_token),
    'no biases': ('ViT', dict(qkv_bias=False), class_token),
    'msn': ('ViTMSN', {}, class_token),
    'dinov2': ('Dinov2', {}, class_token),
    'dinov2, swiglu': ('Dinov2', dict(use_swiglu_ffn=True), class_token),
    'resnet': ('ResNet', dict(depths=[3, 4, 6, 3]), pooled),
    'basic': ('ResNet', dict(depths=[2] * 4, layer_type='basic'), pooled),
    'caffe': (
        'ResNet',
        dict(depths=[3, 4, 6, 3], downsample_in_bottleneck=True),
        pooled,
    ),
}


@pytest.mark.parametrize('case', HUGGINGFACE)
def test_hugging_face(case, tmp_path):
    kind, options, read = HUGGINGFACE[case]
    net = scaled(huggingface(kind, **options)[1])
    expected = outputs(net, read)
    folder = in_folder(net, tmp_path)
    config = assert_same(folder, expected, tmp_path)
    if kind == 'ResNet':
        assert ('style' in config) == (case == 'caffe')
    else:
        eps = net.config.layer_norm_eps
        norm = config.get('norm_cfg', dict(type='LN', eps=1e-6))
        assert norm == dict(type='LN', eps=eps)


@pytest.mark.parametrize('case', ['vit', 'caffe'])
def test_what_an_import_wrote(case, tmp_path):
    """Is imported again, with what its first files said."""
    kind, options, read = HUGGINGFACE[case]
    net = scaled(huggingface(kind, **options)[1])
    expected = outputs(net, read)
    folder = in_folder(net, tmp_path)
    first = import_checkpoint(folder, tmp_path / 'first.pth')
    assert_same(tmp_path / 'first.pth', expected, tmp_path)
    again = import_checkpoint(tmp_path / 'first.pth', tmp_path / 'again.pth')
    assert again['backbone'] == first['backbone']


def test_images_of_another_size(tmp_path):
    """Positions are interpolated as by transformers, and the log says so."""
    net = scaled(huggingface('Dinov2')[1])
    folder = in_folder(net, tmp_path)
    expected = outputs(net, class_token, size=48)
    import_checkpoint(folder, tmp_path / 'out.pth')
    config = backbone_config(import_backbone(folder)) | dict(img_size=48)
    larger = MODELS.build(config)
    with logged() as records:
        load_backbone(larger, str(tmp_path / 'out.pth'))
    assert any('from 4 x 4 to 6 x 6 patches' in text for _, text in records)
    larger.double().eval()
    torch.testing.assert_close(
        outputs(larger, size=48),
        expected,
        # The interpolation is in float32 on both sides.
        rtol=1e-5,
        atol=1e-5,
    )
    other = MODELS.build(config | dict(patch_size=16))
    with pytest.raises(ValueError, match='another shape: patch_embed.proj'):
        load_backbone(other, str(tmp_path / 'out.pth'))


def test_model_with_a_classifier(tmp_path):
    config, _ = huggingface('ViT')
    net = scaled(transformers.ViTForImageClassification(config))
    expected = outputs(net.vit, class_token)
    folder = in_folder(net, tmp_path)
    imported = import_backbone(folder)
    assert imported.release.network == 'vit.'
    assert_same(folder, expected, tmp_path)


def test_masked_autoencoder(tmp_path):
    config, _ = huggingface('ViT')
    fields = dict(decoder_hidden_size=24, decoder_num_attention_heads=3)
    config = transformers.ViTMAEConfig(
        **config.to_dict()
        | fields
        | dict(decoder_num_hidden_layers=1, mask_ratio=0.0)
    )
    net = scaled(transformers.ViTMAEForPreTraining(config))
    expected = outputs(net.vit, class_token)
    assert_same(in_folder(net, tmp_path), expected, tmp_path)


@pytest.mark.parametrize('safe', [True, False])
def test_model_in_several_files(safe, tmp_path):
    net = scaled(huggingface('Dinov2')[1])
    expected = outputs(net, class_token)
    folder = tmp_path / 'model'
    net.float().save_pretrained(
        folder, max_shard_size='10KB', safe_serialization=safe
    )
    net.double()
    files = import_backbone(folder).files
    assert len(files) > 1
    assert_same(folder, expected, tmp_path)
    files[0].unlink()
    with pytest.raises(FileNotFoundError, match=f'lacks {files[0].name}'):
        import_backbone(folder)


def test_config_beside_a_file(tmp_path):
    """The folder or the file in it: the same heads and epsilon."""
    net = scaled(huggingface('ViT')[1])
    folder = in_folder(net, tmp_path)
    pixels = dict(image_mean=[0.5] * 3, image_std=[0.25] * 3)
    (folder / 'preprocessor_config.json').write_text(json.dumps(pixels))
    for source in (folder, folder / 'model.safetensors'):
        imported = import_backbone(source)
        assert imported.num_heads == HEADS
        assert imported.described.facts['norm_eps'] == [1e-12]
        assert imported.described.pixels == dict(
            mean=[127.5] * 3, std=[63.75] * 3, channels='rgb'
        )


def test_folder_of_timm(tmp_path):
    stored(timm_vit().state_dict(), tmp_path / 'model.safetensors')
    config = dict(
        architecture='vit_small_patch14_dinov2',
        pretrained_cfg=dict(mean=[0.5, 0.4, 0.3], std=[0.2, 0.2, 0.2]),
    )
    (tmp_path / 'config.json').write_text(json.dumps(config))
    imported = import_backbone(tmp_path, num_heads=HEADS)
    assert imported.described.pixels == dict(
        mean=[127.5, 102.0, 76.5], std=[51.0] * 3, channels='rgb'
    )


@pytest.fixture(scope='module')
def dinov2_file(tmp_path_factory):
    """A ViT with layer scale, and the file of its import."""
    folder = tmp_path_factory.mktemp('dinov2')
    net = timm_vit(init_values=1e-5)
    file = stored(net.state_dict(), folder / 'net.safetensors')
    import_checkpoint(file, folder / 'in.pth', num_heads=HEADS)
    return net, import_backbone(file, num_heads=HEADS), folder / 'in.pth'


@pytest.mark.parametrize('name', ['MoCoV3', 'DINO', 'iBOT'])
def test_methods_start_from_it(name, dinov2_file):
    """Both branches of every method, before the first iteration."""
    net, imported, file = dinov2_file
    usual = plain_config(name)['backbone'] | dict(qkv_bias=False)
    backbone = initial_backbone(usual, imported, file)
    assert backbone['type'] == usual['type']
    model = build(name, hirl=True, backbone=backbone)
    other = (
        model.momentum_encoder.module[0]
        if name == 'MoCoV3'
        else model.teacher.backbone
    )
    for branch in (model.backbone, other):
        branch.double().eval()
        given = outputs(branch)
        given = given[:, 0] if given.ndim == 3 else given
        torch.testing.assert_close(given, outputs(net), rtol=1e-9, atol=1e-9)


def test_method_starts_from_a_resnet(tmp_path):
    """Both branches; the norms and the frozen stages are the method's."""
    net = timm_resnet(cardinality=2, base_width=32, stem_width=8)
    file = stored(net.state_dict(), tmp_path / 'net.safetensors')
    import_checkpoint(file, tmp_path / 'in.pth')
    imported = import_backbone(file)
    usual = plain_config('MoCo')['backbone'] | dict(
        norm_cfg=dict(type='BN', momentum=0.2), frozen_stages=1
    )
    backbone = initial_backbone(usual, imported, tmp_path / 'in.pth')
    assert feature_width(imported) == 256
    neck = plain_config('MoCo')['neck'] | dict(in_channels=256)
    model = build('MoCo', hirl=True, backbone=backbone, neck=neck)
    assert model.backbone.frozen_stages == 1
    assert model.backbone.layer1[0].bn1.momentum == 0.2
    for branch in (model.backbone, model.encoder_k.module[0]):
        branch.double().eval()
        torch.testing.assert_close(
            outputs(branch), outputs(net), rtol=1e-9, atol=1e-9
        )


def test_mean_of_the_tokens_becomes_a_class_token(tmp_path):
    """The method keeps its output; a final norm that the file lacks is new."""
    net = timm_vit(global_pool='avg')
    file = stored(net.state_dict(), tmp_path / 'net.safetensors')
    imported = import_backbone(file, num_heads=HEADS)
    usual = dict(type='hirl_mm.DINOViT', img_size=224, out_type='raw')
    backbone = initial_backbone(usual, imported, 'in.pth')
    del backbone['arch'], backbone['init_cfg']
    assert backbone == usual | dict(patch_size=8)


@pytest.mark.parametrize('name', ['MoCo', 'BEiT'])
def test_method_with_another_kind_of_network(name, dinov2_file):
    _, imported, file = dinov2_file
    with pytest.raises(ValueError, match='in.pth holds a ViT, but this meth'):
        initial_backbone(plain_config(name)['backbone'], imported, file)


def test_export_of_layer_scale(dinov2_file, tmp_path):
    """What came from DINOv2 goes back to timm."""
    net, _, file = dinov2_file
    out = tmp_path / 'out.safetensors'
    exported = export_backbone(file, 'timm', out)
    other = eval(exported.load.partition('.load_state')[0], dict(timm=timm))
    other.load_state_dict(safetensors.torch.load_file(out))
    torch.testing.assert_close(
        outputs(other.double().eval()), outputs(net), rtol=1e-9, atol=1e-9
    )


def test_gated_mlps_are_not_exported_to_timm(tmp_path):
    """Those of transformers have a scale, here of ones."""
    net = timm_gated(init_values=None)
    file = stored(net.state_dict(), tmp_path / 'net.safetensors')
    import_checkpoint(file, tmp_path / 'in.pth', num_heads=HEADS)
    with pytest.raises(ValueError, match='gated MLP .* to huggingface'):
        out = tmp_path / 'out.safetensors'
        export_backbone(tmp_path / 'in.pth', 'timm', out)
    export_backbone(tmp_path / 'in.pth', 'huggingface', tmp_path / 'hf')
    other = transformers.Dinov2Model.from_pretrained(tmp_path / 'hf')
    given = outputs(other.double().eval(), class_token)
    torch.testing.assert_close(given, outputs(net), rtol=1e-6, atol=1e-6)


def test_tool(tmp_path):
    """A folder of Hugging Face, and a network that needs more words."""
    folder = in_folder(scaled(huggingface('Dinov2')[1]), tmp_path)
    out = tmp_path / 'out.pth'
    done = run_tool('model_converters/import_checkpoint', folder, '--out', out)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        'layout    a model of Hugging Face transformers',
        'network   (no prefix) ViT',
        'tensors   34',
        'left out  embeddings.mask_token',
    ]
    assert lines[-1].startswith("backbone  {'type': 'VisionTransformer'")
    assert torch.load(out, weights_only=True)['meta']['num_heads'] == HEADS
    state = {'net.' + k: v for k, v in timm_vit().state_dict().items()}
    file = stored(state, tmp_path / 'net.safetensors')
    words = 'model_converters/import_checkpoint', file, '--out', out
    done = run_tool(*words, '--prefix', 'net')
    assert 'backbone  no config: the number of attention' in done.stdout
    assert '--num-heads of tools/model_converters/import_c' in done.stdout
    done = run_tool(*words, '--prefix', 'net', '--num-heads', HEADS)
    assert f"'num_heads': {HEADS}" in done.stdout.splitlines()[-1]
    again = import_backbone(out)
    assert again.num_heads == HEADS
    done = run_tool(*words, '--num-heads', 4)
    assert done.returncode == 1
    assert done.stdout.startswith('error: the layout of this checkpoint is un')
