"""What shapes do not tell, what has no counterpart, and the tool."""

import json
import sys

import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import (
    ResNet_CIFAR,
    ResNetV1d,
    ResNeXt,
    VisionTransformer,
)

from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.trained_backbone import read_backbone
from tests.released import (
    ARCH,
    PATCH,
    SIZE,
    mm_beit,
    mm_resnet,
    mm_vit,
    under,
)
from tests.tool_process import run_tool

VIT = dict(type='hirl_mm.DINOViT', arch=ARCH, img_size=SIZE, patch_size=PATCH)


def checkpoint(net, **meta):
    weights = under('backbone.', net.state_dict())
    return dict(state_dict=weights, meta=meta)


def config(backbone, **model):
    model = dict(model or dict(type='hirl_mm.DINOAlgorithm'))
    return Config(dict(model=dict(model, backbone=backbone)))


@pytest.fixture(scope='module')
def vit():
    return mm_vit()


def test_heads_that_are_usual_for_the_width():
    with torch.device('meta'):
        net = VisionTransformer('deit-tiny')
    assert read_backbone(checkpoint(net)).num_heads == 3


def test_unknown_heads(vit):
    with pytest.raises(ValueError, match='width 24 .* --config .*--num-heads'):
        read_backbone(checkpoint(vit))


@pytest.mark.parametrize('num_heads', [5, -3, 25])
def test_impossible_heads(vit, num_heads):
    with pytest.raises(ValueError, match='do not divide width 24'):
        read_backbone(checkpoint(vit), num_heads=num_heads)


def test_heads_of_a_beit_are_in_its_table():
    net = mm_beit()
    assert read_backbone(checkpoint(net), num_heads=3).num_heads == 3
    with pytest.raises(ValueError, match='BEiT has 3 attention heads, not 4'):
        read_backbone(checkpoint(net), num_heads=4)


def test_heads_of_an_import(vit):
    """MoCo v3's ViT-S has 12, not what is usual; an argument overrules."""
    assert read_backbone(checkpoint(vit, num_heads=6)).num_heads == 6
    read = read_backbone(checkpoint(vit, num_heads=6), num_heads=2)
    assert read.num_heads == 2


@pytest.mark.parametrize('stored', [True, False])
def test_config_tells_heads_and_epsilon(vit, stored):
    """The config that MMEngine stores counts as one that is given."""
    cfg = config(dict(VIT, norm_cfg=dict(type='LN', eps=1e-5)))
    if stored:
        read = read_backbone(checkpoint(vit, cfg=cfg.pretty_text))
    else:
        other = config(dict(VIT, arch=dict(ARCH, num_heads=2)))
        read = read_backbone(checkpoint(vit, cfg=other.pretty_text), cfg=cfg)
    assert (read.num_heads, read.layer_norm_eps) == (3, 1e-5)
    assert read_backbone(checkpoint(vit), cfg=cfg, num_heads=6).num_heads == 6


def test_wrapped_algorithm(vit):
    model = dict(type='hirl_mm.HIRLAlgorithm')
    model['algorithm'] = dict(type='DenseCL', backbone=VIT)
    cfg = Config(dict(model=model))
    assert read_backbone(checkpoint(vit), cfg=cfg).num_heads == 3


def test_epsilon_of_the_export(vit, tmp_path):
    cfg = config(dict(VIT, norm_cfg=dict(type='LN', eps=1e-5)))
    torch.save(checkpoint(vit, cfg=cfg.pretty_text), tmp_path / 'in.pth')
    export_backbone(tmp_path / 'in.pth', 'huggingface', tmp_path / 'out')
    text = (tmp_path / 'out/config.json').read_text()
    assert json.loads(text)['layer_norm_eps'] == 1e-5
    with pytest.raises(ValueError, match='1e-06, this .* 1e-05: .*hugging'):
        export_backbone(
            tmp_path / 'in.pth', 'timm', tmp_path / 'out.safetensors'
        )


@pytest.mark.parametrize(
    ('backbone', 'message'),
    [
        (dict(VIT, arch=dict(ARCH, num_layers=1)), 'layers.1.ln1.weight'),
        (dict(VIT, img_size=64), 'pos_embed'),
        (dict(type='ResNet', depth=18), 'ResNet.* is another network'),
    ],
)
def test_config_of_another_network(vit, backbone, message):
    with pytest.raises(ValueError, match=message):
        read_backbone(checkpoint(vit), cfg=config(backbone))


def test_config_without_a_backbone(vit):
    with pytest.raises(ValueError, match='no model.backbone'):
        read_backbone(checkpoint(vit), cfg=Config(dict(a=1)))


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('style', 'caffe'),
        ('strides', (1, 2, 2, 1)),
        ('dilations', (1, 1, 1, 2)),
    ],
)
def test_resnets_that_others_do_not_have(name, value):
    net = checkpoint(mm_resnet(18))
    backbone = dict(type='ResNet', depth=18)
    read_backbone(net, cfg=config(dict(backbone, strides=[1, 2, 2, 2])))
    backbone[name] = value
    with pytest.raises(ValueError, match=f'{name}=.* has no counterpart'):
        read_backbone(net, cfg=config(backbone))


def export(net, to, tmp_path, **options):
    torch.save(checkpoint(net), tmp_path / 'in.pth')
    suffix = dict(torchvision='.pth', timm='.safetensors', huggingface='')
    return export_backbone(
        tmp_path / 'in.pth', to, tmp_path / f'out{suffix[to]}', **options
    )


def test_deep_stem(tmp_path):
    with pytest.raises(ValueError, match='no counterpart: stem.0'):
        export(ResNetV1d(depth=18), 'huggingface', tmp_path)


def test_layer_scale(tmp_path):
    """Transformers' ViT has none, its DINOv2 has."""
    net = mm_vit(layer_scale_init_value=0.1)
    exported = export(net, 'huggingface', tmp_path, num_heads=3)
    assert exported.load.startswith('transformers.Dinov2Model.from_pretr')
    net = mm_vit(layer_scale_init_value=0.1, out_type='avg_featmap')
    with pytest.raises(ValueError, match='DINOv2 .* their mean.* to timm'):
        export(net, 'huggingface', tmp_path, num_heads=3)


@pytest.mark.parametrize('to', ['torchvision', 'timm'])
def test_widths_that_only_transformers_has(to, tmp_path):
    net = mm_resnet(18, base_channels=8, stem_channels=8)
    message = r'stem is \(8, 3, 7, 7\), its last stage has 64 .*huggingface'
    with pytest.raises(ValueError, match=message):
        export(net, to, tmp_path)
    assert not list(tmp_path.glob('out*'))


def test_resnets_that_transformers_has_not(tmp_path):
    with pytest.raises(ValueError, match='stem of 7 x 7, not 3 x 3'):
        export(ResNet_CIFAR(depth=18), 'huggingface', tmp_path)
    with pytest.raises(ValueError, match='no groups, .* layer1.0 has 256'):
        export(ResNeXt(depth=50), 'huggingface', tmp_path)


@pytest.mark.parametrize(
    ('net', 'to', 'message'),
    [
        (mm_vit, 'torchvision', 'only ResNets .* ViT to timm'),
        (mm_beit, 'torchvision', 'only ResNets .* BEiT to timm'),
        (mm_beit, 'huggingface', 'BEiT can be exported to timm only'),
        (
            lambda: mm_vit(out_type='avg_featmap', final_norm=False),
            'huggingface',
            "normalise their mean, .*ln2 .*, out_type='avg_featmap'",
        ),
        (
            lambda: mm_vit(out_type='avg_featmap'),
            'timm',
            'ln1 or ln2 .*; this network has both',
        ),
        (
            lambda: mm_vit(img_size=(32, 16), out_type='featmap'),
            'timm',
            'do not belong to a square image',
        ),
        (
            lambda: mm_vit(img_size=(32, 16), patch_size=(8, 4)),
            'timm',
            'patches of 8 x 4 pixels',
        ),
        (
            lambda: mm_beit(img_size=(32, 16)),
            'timm',
            'do not belong to a square image',
        ),
        (
            lambda: mm_vit(with_cls_token=False, out_type='featmap'),
            'timm',
            'missing: cls_token',
        ),
    ],
)
def test_networks_without_counterpart(net, to, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        export(net(), to, tmp_path, num_heads=3)


@pytest.mark.parametrize(
    ('prefix', 'message'),
    [
        (None, "under prefix=''; the first keys"),
        (
            'encoder.',
            "under prefix='encoder.'; the first keys are net.a, net.b",
        ),
    ],
)
def test_no_backbone(prefix, message):
    weights = {'net.a': torch.zeros(2), 'net.b': torch.zeros(2)}
    with pytest.raises(ValueError, match=message):
        read_backbone(dict(state_dict=weights), prefix=prefix)


@pytest.mark.parametrize(
    ('to', 'out', 'message'),
    [
        ('torchvision', 'out', r'ends in \.pth, got'),
        ('torchvision', 'folder.pth', r'ends in \.pth, got'),
        ('timm', 'out.pth', r'ends in \.safetensors'),
        ('huggingface', 'file', 'is a file; huggingface needs a folder'),
        ('onnx', 'out', "torchvision, timm, huggingface, got 'onnx'"),
    ],
)
def test_wrong_out_before_anything_is_read(to, out, message, tmp_path):
    (tmp_path / 'folder.pth').mkdir()
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match=message):
        export_backbone(tmp_path / 'gone.pth', to, tmp_path / out)


def test_no_dict(tmp_path):
    torch.save([1, 2], tmp_path / 'in.pth')
    with pytest.raises(ValueError, match='in.pth holds a list, not a dict'):
        export_backbone(
            tmp_path / 'in.pth', 'torchvision', tmp_path / 'out.pth'
        )


@pytest.mark.parametrize('to', ['timm', 'huggingface'])
def test_without_safetensors(to, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'safetensors.torch', None)
    suffix = '.safetensors' if to == 'timm' else ''
    with pytest.raises(ValueError, match='pip install .*safetensors'):
        export_backbone(tmp_path / 'gone.pth', to, tmp_path / f'out{suffix}')
    with pytest.raises(FileNotFoundError):
        export_backbone(
            tmp_path / 'gone.pth', 'torchvision', tmp_path / 'out.pth'
        )


@pytest.mark.slow
def test_tool(vit, tmp_path):
    file, out = tmp_path / 'epoch_3.pth', tmp_path / 'hf'
    weights = under('teacher.backbone.', vit.state_dict())
    torch.save(dict(state_dict=weights), file)
    config(VIT).dump(tmp_path / 'config.py')
    done = run_tool(
        *('model_converters/export_backbone', file, '--to', 'huggingface'),
        *('--out', out, '--config', tmp_path / 'config.py'),
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == [
        'network   ViT, 38 tensors',
        'left out  nothing',
        'images    unknown normalisation: use that of the training',
        f'written to {out}; to load it:',
        f"transformers.ViTModel.from_pretrained('{out}', "
        'add_pooling_layer=False)',
    ]
    written = json.loads((out / 'config.json').read_text())
    assert written['num_attention_heads'] == 3
