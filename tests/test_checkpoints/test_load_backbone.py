"""Backbones of MMPreTrain from checkpoints of HIRL methods."""

import re

import pytest
import torch
from mmengine.registry import init_default_scope

from hirl_mm.checkpoints import load_backbone
from hirl_mm.registry import MODELS
from tests.algorithms import PLAIN, RESNET, VIT
from tests.trained_files import logged, save, trained

RECOMPUTED = {'rel_pos_bias.relative_position_index'}
BEIT = dict(PLAIN['BEiT']['backbone'], type='BEiTPretrainViT')
BACKBONES = {
    'MoCo': RESNET,
    'SimSiam': RESNET,
    'MoCoV3': dict(VIT, type='VisionTransformer'),
    'DINO': dict(VIT, type='VisionTransformer', out_type='raw'),
    'iBOT': dict(VIT, type='VisionTransformer', out_type='raw'),
    'BEiT': BEIT,
}


def backbone(name='MoCo', **options):
    init_default_scope('mmpretrain')
    network = MODELS.build(dict(BACKBONES[name], **options))
    network.eval()
    return network


def features(network, images):
    """Of the last layer; BEiT's backbone wants to be told of no mask."""
    mask = dict(mask=None) if hasattr(network, 'rel_pos_bias') else {}
    with torch.no_grad():
        return network(images, **mask)[0]


@pytest.mark.parametrize('name', sorted(BACKBONES))
def test_features_are_those_of_the_evaluated_network(name, tmp_path):
    model, images = trained(name), torch.randn(3, 3, 32, 32)
    loaded = backbone(name)
    with logged() as records:
        load_backbone(loaded, save(model.state_dict(), tmp_path))
    with torch.no_grad():
        expected = model.extract_feat(images)[0]
    assert torch.equal(features(loaded, images), expected)
    prefix = 'teacher.backbone.' if name in ('DINO', 'iBOT') else 'backbone.'
    total = len(set(loaded.state_dict()) - RECOMPUTED)
    total -= sum('num_batches' in key for key in loaded.state_dict())
    texts = [text for _, text in records]
    assert any(
        text.endswith(f'prefix={prefix!r}: {total} of {total} weights loaded')
        for text in texts
    )
    warnings = [text for level, text in records if level == 'WARNING']
    # The classifier of iBOT has no masked patches.
    assert [w.partition(': ')[2] for w in warnings] == (
        ['unused keys of the file: mask_token'] if name == 'iBOT' else []
    )


@pytest.mark.parametrize('prefix', ['backbone.', 'backbone'])
def test_prefix_chooses_the_branch(prefix, tmp_path):
    model, images = trained('DINO'), torch.randn(3, 3, 32, 32)
    loaded = backbone('DINO')
    load_backbone(loaded, save(model.state_dict(), tmp_path), prefix)
    student = features(model.backbone, images)
    assert torch.equal(features(loaded, images), student)
    assert not torch.allclose(
        features(model.teacher.backbone, images), student
    )


def test_key_encoder_by_its_prefix(tmp_path):
    model, images = trained('MoCo'), torch.randn(3, 3, 32, 32)
    loaded = backbone()
    path = save(model.state_dict(), tmp_path)
    load_backbone(loaded, path, 'encoder_k.module.0.')
    keys = features(model.encoder_k.module[0], images)
    assert torch.equal(features(loaded, images), keys)
    assert not torch.allclose(features(model.backbone, images), keys)


@pytest.mark.parametrize('prefix', [None, ''])
def test_bare_names_and_no_entry_state_dict(prefix, tmp_path):
    source, loaded = trained('MoCo').backbone, backbone()
    torch.save(source.state_dict(), tmp_path / 'bare.pth')
    load_backbone(loaded, str(tmp_path / 'bare.pth'), prefix)
    for key, value in source.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


def test_counters_of_batch_norm_come_along(tmp_path):
    source, loaded = trained('MoCo').backbone, backbone()
    source.bn1.num_batches_tracked += 7
    load_backbone(loaded, save(source.state_dict(), tmp_path))
    assert loaded.bn1.num_batches_tracked == 7


def test_wrong_prefix_names_those_that_fit(tmp_path):
    path = save(trained('MoCo').state_dict(), tmp_path)
    with pytest.raises(ValueError) as error:
        load_backbone(backbone(), path, 'neck.')
    message = str(error.value)
    assert message.startswith(
        f'{path} holds 0 of the 100 weights of the backbone (ResNet) under '
        "prefix='neck.'; at least 95 % are needed; missing weights: "
        'conv1.weight, bn1.weight, bn1.bias, bn1.running_mean, '
        'bn1.running_var and 95 more'
    )
    assert 'begin with backbone, encoder_k, neck, queue, queue_ptr' in message
    assert "prefix='backbone.' would fit (100 of 100)" in message
    assert "prefix='encoder_k.module.0.' would fit (100 of 100)" in message
    assert 'give the config' not in message
    assert 'import_checkpoint' not in message


def test_branch_of_another_method_is_not_guessed(tmp_path):
    """Neither the student nor a key encoder stands in for what is missing."""
    state = trained('MoCo').state_dict()
    state = {k: v for k, v in state.items() if not k.startswith('backbone.')}
    with pytest.raises(
        ValueError,
        match=r"under prefix=''.*'encoder_k.module.0.' would fit \(100 of 100",
    ):
        load_backbone(backbone(), save(state, tmp_path))


def test_positions_of_another_size_fit_under_another_prefix(tmp_path):
    path = save(trained('DINO').state_dict(), tmp_path)
    with pytest.raises(ValueError, match=r"'backbone.' would fit \(30 of 30"):
        load_backbone(backbone('DINO', img_size=64), path, 'student.')


def drop(state, num):
    """Without the last weights that count."""
    keys = [k for k in state if 'num_batches' not in k][-num:]
    return {k: v for k, v in state.items() if k not in keys}, keys


def test_95_per_cent_load_with_a_warning(tmp_path):
    source, loaded = trained('MoCo').backbone, backbone()
    before = {k: v.clone() for k, v in loaded.state_dict().items()}
    state, dropped = drop(source.state_dict(), 5)
    with logged() as records:
        load_backbone(loaded, save(state, tmp_path))
    (warning,) = [text for level, text in records if level == 'WARNING']
    assert f'missing weights: {", ".join(dropped)}; they keep' in warning
    assert '95 of 100 weights loaded' in records[-2][1]
    for key, value in loaded.state_dict().items():
        expected = before if key in dropped else source.state_dict()
        assert torch.equal(value, expected[key]), key


def test_less_than_95_per_cent_changes_nothing(tmp_path):
    source, loaded = trained('MoCo').backbone, backbone()
    before = {k: v.clone() for k, v in loaded.state_dict().items()}
    state, _ = drop(source.state_dict(), 6)
    with pytest.raises(ValueError, match='holds 94 of the 100 weights'):
        load_backbone(loaded, save(state, tmp_path))
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_missing_running_statistics_are_an_error(tmp_path):
    state = trained('MoCo').backbone.state_dict()
    state = {k: v for k, v in state.items() if 'running' not in k}
    with pytest.raises(ValueError, match='60 of the 100 .*bn1.running_mean'):
        load_backbone(backbone(), save(state, tmp_path))


def test_one_weight_of_another_shape_is_an_error(tmp_path):
    loaded = backbone()
    before = {k: v.clone() for k, v in loaded.state_dict().items()}
    state = dict(trained('MoCo').backbone.state_dict())
    state['conv1.weight'] = torch.zeros(8, 1, 7, 7)
    message = r'99 of the 100 .*conv1.weight \(expected \(8, 3, 7'
    with pytest.raises(ValueError, match=message):
        load_backbone(loaded, save(state, tmp_path))
    after = loaded.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_deeper_network_of_the_file_is_an_error(tmp_path):
    source = backbone('DINO', arch=dict(VIT['arch'], num_layers=3))
    message = 'weights of a deeper network: layers.2.ln1.weight, .* 7 more'
    with pytest.raises(ValueError, match=message):
        load_backbone(backbone('DINO'), save(source.state_dict(), tmp_path))


@pytest.mark.parametrize(
    ('wanted', 'options', 'file', 'message'),
    [
        (
            'MoCo',
            dict(depth=50),
            'MoCo',
            r'layer1.0.conv1.weight \(expected \(8, 8, 1, 1\), found',
        ),
        ('MoCo', dict(base_channels=16), 'MoCo', 'of another shape: layer'),
        ('MoCo', {}, 'DINO', "0 of the 100 .* prefix='teacher.backbone.'"),
        ('DINO', {}, 'MoCo', '0 of the 30 .*missing weights: cls_token'),
    ],
)
def test_another_architecture(wanted, options, file, message, tmp_path):
    path = save(trained(file).state_dict(), tmp_path)
    with pytest.raises(ValueError, match=message) as error:
        load_backbone(backbone(wanted, **options), path)
    assert 'give the config of the network' in str(error.value)
    assert 'would fit' not in str(error.value)
    # The prefix that was tried is not told again under others.
    assert "prefix='backbone.' would not" not in str(error.value)


@pytest.mark.parametrize(
    'key',
    [
        'blocks.0.attn.qkv.weight',
        'module.base_encoder.blocks.11.norm1.bias',
        'visual.transformer.resblocks.0.ln_1.weight',
        'patch_embed.proj.weight',
        'vit.encoder.layer.3.output.dense.weight',
        'resnet.encoder.stages.0.layers.0.bias',
        'embeddings.cls_token',
        'resnet.embedder.convolution.weight',
        'algorithm.model.backbone.conv1.weight',
        'module.algorithm.model.backbone.conv1.weight',
    ],
)
def test_layouts_of_other_libraries(key, tmp_path):
    path = save({key: torch.zeros(1), 'norm.weight': torch.ones(1)}, tmp_path)
    with pytest.raises(ValueError, match='run tools/.*import_checkpoint.py'):
        load_backbone(backbone(), path)


def test_many_beginnings_are_cut(tmp_path):
    path = save({f'part{i}.w': torch.zeros(1) for i in range(9)}, tmp_path)
    with pytest.raises(
        ValueError, match=r'begin with part0, .*part7, \.\.\.;'
    ):
        load_backbone(backbone(), path)


@pytest.mark.parametrize('checkpoint', ['', None])
def test_no_checkpoint(checkpoint):
    option = re.escape('model.backbone.init_cfg.checkpoint=FILE')
    with pytest.raises(ValueError, match=f'--cfg-options {option}'):
        load_backbone(backbone(), checkpoint)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='no checkpoint .*gone.pth'):
        load_backbone(backbone(), str(tmp_path / 'gone.pth'))


def test_half_a_file(tmp_path):
    path = tmp_path / 'whole.pth'
    save(trained('MoCo').state_dict(), tmp_path, path.name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(OSError, match='whole.pth is incomplete or damaged'):
        load_backbone(backbone(), str(path))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1, 2], 'holds a list, not a dict: expected a state dict'),
        (
            dict(model={}, epoch=3),
            r'the keys model, epoch\. .*import_checkpoint',
        ),
        (dict(state_dict=3), r'has the keys state_dict\. '),
        ({}, r'has the keys \(none\)\. '),
    ],
)
def test_files_without_weights(content, message, tmp_path):
    path = str(tmp_path / 'other.pth')
    torch.save(content, path)
    with pytest.raises(ValueError, match=message):
        load_backbone(backbone(), path)
