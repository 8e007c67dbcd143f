"""Exported backbones have equal features in the other library."""

import json

import pytest
import safetensors.torch
import timm
import torch
import torchvision
import transformers

from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_backbone import import_weights
from tests.released import (
    HEADS,
    PATCH,
    SIZE,
    WIDTH,
    features,
    images,
    mm_beit,
    mm_resnet,
    mm_vit,
    scrambled,
    under,
)

pytestmark = pytest.mark.slow

# timm's and transformers' models, whose calls the tool prints, read these.
LIBRARIES = dict(
    timm=timm,
    torch=torch,
    torchvision=torchvision,
    transformers=transformers,
    safetensors=safetensors,
)
SUFFIX = dict(torchvision='.pth', timm='.safetensors', huggingface='')


@pytest.fixture
def export(tmp_path):
    """Store a network, export it, and say what loads it."""

    def run(net, to, at='backbone.', more=(), **options):
        weights = under(at, net.state_dict()) | dict(more)
        file = tmp_path / 'epoch_3.pth'
        torch.save(dict(state_dict=weights, meta={}), file)
        out = tmp_path / f'exported{SUFFIX[to]}'
        return export_backbone(file, to, out, **options), out

    return run


def assert_same_features(net, other, output=lambda x: x):
    expected = features(net)
    assert expected.std(dim=0).mean() > 1e-3
    with torch.no_grad():
        given = output(other.eval()(images()))
    torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-5)


def loaded(exported):
    """The model of the call that the tool prints, weights strictly loaded."""
    make, _, load = exported.load.partition('.load_state_dict')
    model = eval(make, dict(LIBRARIES))
    result = eval(f'model.load_state_dict{load}', LIBRARIES | {'model': model})
    return model, result


@pytest.mark.parametrize('depth', [18, 50])
@pytest.mark.parametrize('to', ['torchvision', 'timm'])
def test_resnet(depth, to, export):
    net = scrambled(mm_resnet(depth), 0)
    exported, _ = export(net, to)
    assert f'resnet{depth}' in exported.load
    model, result = loaded(exported)
    assert result.unexpected_keys == []
    if to == 'torchvision':
        assert result.missing_keys == ['fc.weight', 'fc.bias']
        model.fc = torch.nn.Identity()
    assert_same_features(net, model)


def narrow_resnet(depth):
    net = mm_resnet(depth, stem_channels=12, base_channels=8)
    return scrambled(net, 0)


@pytest.fixture
def from_pretrained():
    """transformers' model, which takes all keys of the file and no other."""

    def load(model, out, **options):
        net, report = model.from_pretrained(
            out, output_loading_info=True, **options
        )
        assert not any(report.values()), report
        return net

    return load


@pytest.mark.parametrize('depth', [18, 50])
def test_resnet_of_any_width_in_transformers(depth, export, from_pretrained):
    net = narrow_resnet(depth)
    net.bn1.num_batches_tracked.fill_(5)
    _, out = export(net, 'huggingface')
    model = from_pretrained(transformers.ResNetModel, out)
    assert model.embedder.embedder.normalization.num_batches_tracked == 5
    assert_same_features(net, model, lambda x: x.pooler_output.flatten(1))
    config = json.loads((out / 'config.json').read_text())
    assert config['embedding_size'] == 12
    assert config['hidden_sizes'][0] == (8 if depth == 18 else 32)


def test_config_of_resnet_50(export):
    """Is the one that transformers has by default."""
    _, out = export(mm_resnet(50), 'huggingface')
    config = json.loads((out / 'config.json').read_text())
    assert config.pop('architectures') == ['ResNetModel']
    usual = transformers.ResNetConfig()
    assert config == {key: getattr(usual, key) for key in config}


@pytest.mark.parametrize('to', ['timm', 'huggingface'])
def test_counts_of_batches_may_be_absent(to, export, from_pretrained):
    net = scrambled(mm_resnet(18), 0)
    state = net.state_dict()
    for key in [key for key in state if 'num_batches' in key]:
        del state[key]
    net.state_dict = lambda: state
    exported, out = export(net, to)
    if to == 'timm':
        assert_same_features(net, loaded(exported)[0])
    else:
        from_pretrained(transformers.ResNetModel, out)


def test_weights_in_channels_last(export):
    net = scrambled(mm_resnet(18), 0).to(memory_format=torch.channels_last)
    exported, _ = export(net, 'timm')
    assert_same_features(net, loaded(exported)[0])


@pytest.mark.parametrize('qkv_bias', [True, False])
def test_vit(qkv_bias, export, from_pretrained):
    net = scrambled(mm_vit(qkv_bias=qkv_bias), 0)
    exported, _ = export(net, 'timm', num_heads=HEADS)
    assert_same_features(net, loaded(exported)[0])
    exported, out = export(net, 'huggingface', num_heads=HEADS)
    assert 'add_pooling_layer=False' in exported.load
    model = from_pretrained(
        transformers.ViTModel, out, add_pooling_layer=False
    )
    assert_same_features(net, model, lambda x: x.last_hidden_state[:, 0])
    assert json.loads((out / 'config.json').read_text()) == dict(
        architectures=['ViTModel'],
        model_type='vit',
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=48,
        hidden_act='gelu',
        layer_norm_eps=1e-6,
        image_size=SIZE,
        patch_size=PATCH,
        num_channels=3,
        qkv_bias=qkv_bias,
    )


def test_vit_b_is_timms(tmp_path):
    """By its name alone, strictly: the shapes need no values."""
    from mmpretrain.models import VisionTransformer

    from hirl_mm.checkpoints.layouts.families import VIT
    from hirl_mm.checkpoints.layouts.timm_models import timm_weights

    with torch.device('meta'):
        state = VisionTransformer('deit-base').state_dict()
        weights, call = timm_weights(VIT, state, 12)
        model = timm.create_model('vit_base_patch16_224', num_classes=0)
    assert call == "timm.create_model('vit_base_patch16_224', num_classes=0)"
    model.load_state_dict(weights, strict=True, assign=True)


def test_vit_of_mean_features(export):
    net = mm_vit(out_type='avg_featmap', final_norm=False)
    net = scrambled(net, 0)
    exported, _ = export(net, 'timm', num_heads=HEADS)
    assert "global_pool='avg'" in exported.load
    assert_same_features(net, loaded(exported)[0])


@pytest.mark.parametrize('shared', [True, False])
@pytest.mark.parametrize('mean', [True, False])
def test_beit(shared, mean, export):
    options = dict(final_norm=False, out_type='avg_featmap') if mean else {}
    net = scrambled(mm_beit(shared=shared, **options), 0)
    exported, _ = export(net, 'timm', num_heads=HEADS)
    assert_same_features(net, loaded(exported)[0])


@pytest.mark.parametrize(
    'make', [mm_vit, lambda: mm_beit(use_abs_pos_emb=True)]
)
def test_mask_token_is_left_out(make, export):
    """Of the students of iBOT and BEiT."""
    net = scrambled(make(), 0)
    token = {'backbone.mask_token': torch.zeros(1, 1, WIDTH)}
    exported, _ = export(net, 'timm', num_heads=HEADS, more=token)
    assert exported.left_out == ['mask_token']
    assert_same_features(net, loaded(exported)[0])


@pytest.mark.parametrize(
    ('make', 'to'),
    [
        (lambda: mm_resnet(50), 'torchvision'),
        (lambda: mm_resnet(18), 'timm'),
        (mm_vit, 'timm'),
        (lambda: mm_beit(shared=False), 'timm'),
    ],
)
def test_import_undoes_export(make, to, export):
    net = scrambled(make(), 0)
    exported, out = export(net, to, num_heads=HEADS)
    read = torch.load if to == 'torchvision' else safetensors.torch.load_file
    weights = read(out)
    assert exported.num_tensors == len(weights)
    state = import_weights(weights).state
    expected = {
        key: value
        for key, value in net.state_dict().items()
        if not key.endswith('relative_position_index')
    }
    assert state.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(state[key], value), key


@pytest.mark.parametrize(
    ('at', 'other', 'given'),
    [
        ('backbone.', 'momentum_encoder.0.', None),
        ('teacher.backbone.', 'backbone.', None),
        ('backbone.', 'teacher.backbone.', 'backbone.'),
        ('encoder_k.0.', 'backbone.', 'encoder_k.0.'),
        ('', 'head.', None),
    ],
)
def test_which_network(at, other, given, export):
    """DINO's and iBOT's teacher before the trained network."""
    net, another = scrambled(mm_vit(), 0), scrambled(mm_vit(), 1)
    more = under(other, another.state_dict())
    exported, _ = export(net, 'timm', at, more, prefix=given, num_heads=HEADS)
    assert_same_features(net, loaded(exported)[0])


def test_bare_weights(tmp_path):
    """A file of a state dict, without an entry for it."""
    net = scrambled(mm_resnet(18), 0)
    torch.save(net.state_dict(), tmp_path / 'in.pth')
    exported = export_backbone(
        tmp_path / 'in.pth', 'torchvision', tmp_path / 'out.pth'
    )
    assert exported.num_tensors == len(net.state_dict())
