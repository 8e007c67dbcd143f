"""Files that are not converted, and why."""

import hashlib
import json

import pytest
import torch
from mmpretrain.models import MoCoV3ViT

from hirl_mm.checkpoints.attention_heads import usual_heads
from hirl_mm.checkpoints.import_backbone import import_weights
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.weight_files import read_weight_files
from tests.released import timm_vit, torchvision_resnet, under
from tests.tool_process import run_tool


@pytest.fixture(scope='module')
def vit():
    return timm_vit(0).state_dict()


@pytest.fixture(scope='module')
def cnn():
    return torchvision_resnet(18, 0).state_dict()


def test_unknown_layout_names_its_keys_and_all_layouts():
    weights = {f'net.{i}.weight': torch.zeros(2) for i in range(9)}
    with pytest.raises(ValueError) as error:
        import_weights(dict(state_dict=weights))
    message = str(error.value)
    assert 'net.0.weight, net.1.weight' in message
    assert 'net.5.weight' not in message
    for layout in (
        'HIRL-iBOT of hirl-team/HIRL: model.teacher.backbone.*, '
        'model.student.backbone.masked_embed*, projections.*',
        'MoCo v2 of facebookresearch/moco or hirl-team/HIRL: encoder_q.*',
        'BEiT of microsoft/unilm',
        'HIRL-BEiT of hirl-team/HIRL: model.vit_model.*',
        'a teacher of facebookresearch/dino or bytedance/ibot: '
        'teacher.backbone.* alone or with teacher.head.*',
        'a plain method of hirl-team/HIRL: backbone.* alone',
    ):
        assert layout in message
    assert 'a model of OpenMMLab or this project: backbone.*' in message
    assert '--prefix' in message


def test_unknown_layout_names_what_it_has(vit, cnn):
    weights = under('visual.', vit) | under('eyes.0.', cnn)
    with pytest.raises(ValueError) as error:
        import_weights(dict(params=dict(weights), **under('net.', weights)))
    message = str(error.value)
    assert 'it has a ResNet under net.eyes.0.' in message
    assert 'it has a ViT under net.visual.' in message


def test_unknown_layout_names_the_entries_of_the_file(vit):
    with pytest.raises(ValueError, match='no tensors; its entries are par'):
        import_weights(dict(params=dict(vit), epoch=3))
    weights = under('visual.', vit)
    with pytest.raises(ValueError, match='entries are model, epoch; it has'):
        import_weights(dict(model=weights, epoch=3))


@pytest.mark.parametrize(
    'prefix', ['model.backbone.', 'teacher.backbone.', 'encoder.']
)
@pytest.mark.parametrize('beside', ['neck.lateral.weight', 'rpn_head.conv'])
def test_detector(cnn, prefix, beside):
    """Its backbone is not mistaken for a file of a backbone alone."""
    weights = under(prefix, cnn)
    import_weights(dict(state_dict=dict(weights)))
    weights[beside] = torch.zeros(2)
    with pytest.raises(ValueError, match=f'it has a ResNet under {prefix}'):
        import_weights(dict(state_dict=weights))
    given = import_weights(dict(state_dict=weights), prefix=prefix[:-1])
    assert given.state.keys() == cnn.keys()


@pytest.mark.parametrize(
    ('more', 'message'),
    [
        (['blocks.0.ls3.gamma', 'dist_token'], '2 tensors of the backbone '),
        (['blocks.0.ls3.gamma', 'dist_token'], 'blocks.0.ls3.gamma, dist_'),
        (['blocks.0.ls1.gamma'], '3 tensors .* missing: blocks.0.ls2.gamma'),
        (['norm_pre.weight'], 'ViT: 1 tensors .* norm_pre.weight'),
        (['blocks.1.attn.qkv.scale'], 'blocks.1.attn.qkv.scale'),
        (['blocks.0.gamma_1'], 'missing: blocks.0.gamma_2'),
    ],
)
def test_tensor_without_counterpart(vit, more, message):
    state = vit | {key: torch.zeros(24) for key in more}
    with pytest.raises(ValueError, match=message):
        import_weights(state)


def test_deep_stem(cnn):
    state = {k: v for k, v in cnn.items() if k != 'conv1.weight'}
    state['conv1.0.weight'] = torch.zeros(8, 3, 3, 3)
    with pytest.raises(ValueError, match='no counterpart: conv1.0.weight'):
        import_weights(state)


@pytest.mark.parametrize(
    'key',
    [
        'cls_token',
        'pos_embed',
        'norm.bias',
        'norm.weight',
        'blocks.1.mlp.fc2.bias',
        'blocks.0.norm1.weight',
    ],
)
def test_missing_tensor_of_a_vit(vit, key):
    state = {k: v for k, v in vit.items() if k != key}
    with pytest.raises(ValueError, match=f'missing: .*{key}'):
        import_weights(state)


@pytest.mark.parametrize(
    'key',
    [
        'conv1.weight',
        'bn1.running_var',
        'layer1.1.conv2.weight',
        'layer2.0.bn2.bias',
        'layer2.0.downsample.1.running_mean',
    ],
)
def test_missing_tensor_of_a_resnet(cnn, key):
    state = {k: v for k, v in cnn.items() if k != key}
    with pytest.raises(ValueError, match=f'missing: .*{key}'):
        import_weights(state)


def test_missing_stage(cnn):
    state = {k: v for k, v in cnn.items() if not k.startswith('layer4')}
    with pytest.raises(ValueError, match='missing: .*layer4.0.*cut short'):
        import_weights(state)


@pytest.mark.parametrize('prefix', ['', 'model.'])
def test_copies_that_differ(vit, prefix):
    """In HIRL's plain arm and under HIRL."""
    weights = under('teacher.backbone.', vit) | under('backbone.', vit)
    weights |= under('student.backbone.', vit)
    weights = under(prefix, weights) | {'projections.0': torch.zeros(2)}
    assert import_weights(weights).release.method.endswith('DINO')
    weights[f'{prefix}backbone.norm.bias'] = vit['norm.bias'] + 1e-3
    with pytest.raises(ValueError, match=r'differ in norm\.bias'):
        import_weights(weights)


@pytest.mark.parametrize('content', [torch.zeros(2), [1, 2]])
def test_no_dict(content, tmp_path):
    torch.save(content, tmp_path / 'file.pth')
    with pytest.raises(ValueError, match='holds a (Tensor|list), not a dict'):
        import_checkpoint(tmp_path / 'file.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()


def test_no_tensors():
    with pytest.raises(ValueError, match='it has no tensors'):
        import_weights(dict(state_dict={}, epoch=3))


@pytest.mark.parametrize(
    ('width', 'source', 'heads'),
    [
        (192, 'facebookresearch/dino', 3),
        (384, 'bytedance/ibot', 6),
        (384, 'facebookresearch/moco-v3', 12),
        (384, 'hirl-team/HIRL', 6),
        (768, 'facebookresearch/moco-v3', 12),
        (1024, 'microsoft/unilm', 16),
        (100, 'facebookresearch/dino', None),
    ],
)
def test_usual_heads_of_a_release(width, source, heads):
    state = dict(cls_token=torch.zeros(1, 1, width))
    assert usual_heads(state, source) == heads
    assert usual_heads({'conv1.weight': torch.zeros(2)}, source) is None


def mocov3_state(arch):
    net = MoCoV3ViT(arch=arch, img_size=32, patch_size=16)
    net.init_weights()
    return net.state_dict()


@pytest.mark.parametrize(
    ('arch', 'source', 'heads'),
    [
        ('mocov3-small', '', None),
        ('mocov3-small', 'facebookresearch/moco-v3', 12),
        ('deit-base', '', 12),
    ],
)
def test_heads_of_mocov3s_small_network_alone(arch, source, heads):
    """MoCo v3's ViT-S and others of its width have the same shapes."""
    assert usual_heads(mocov3_state(arch), source) == heads


def test_heads_of_a_small_network_with_learned_positions():
    state = mocov3_state('mocov3-small')
    state['pos_embed'] = torch.randn_like(state['pos_embed'])
    assert usual_heads(state) == 6


@pytest.mark.slow
def test_tool(cnn, tmp_path):
    """A file with more than tensors, as the released ones."""
    import argparse

    weights = under('module.encoder_q.', cnn | {'fc.0.bias': torch.zeros(2)})
    weights['module.queue'] = torch.zeros(2)
    source, out = tmp_path / 'moco.pth.tar', tmp_path / 'moco.pth'
    torch.save(
        dict(state_dict=weights, args=argparse.Namespace(lr=0.03)), source
    )
    words = 'model_converters/import_checkpoint', source, '--out', out
    refused = run_tool(*words)
    assert refused.returncode == 1
    assert ': argparse.Namespace. ' in refused.stdout
    assert '--trust-checkpoint' in refused.stdout
    assert not out.exists()
    done = run_tool(*words, '--trust-checkpoint')
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == [
        'layout    MoCo v2 of facebookresearch/moco or hirl-team/HIRL',
        'network   encoder_q. ResNet',
        f'tensors   {len(cnn)}',
        'left out  fc.0.bias',
        f'written to {out}',
        "backbone  {'type': 'ResNet', 'depth': 18}",
    ]
    stored = torch.load(out, weights_only=True)
    assert stored['meta']['num_heads'] is None
    assert (
        stored['meta']['source_sha256']
        == hashlib.sha256(source.read_bytes()).hexdigest()
    )
    for key, value in cnn.items():
        assert torch.equal(stored['state_dict'][f'backbone.{key}'], value)


def test_an_index_names_files_of_its_folder(tmp_path):
    other, folder = tmp_path / 'other.bin', tmp_path / 'model'
    folder.mkdir()
    torch.save(dict(w=torch.ones(2)), other)
    torch.save(dict(v=torch.ones(2)), folder / 'part.bin')
    index = folder / 'pytorch_model.bin.index.json'
    index.write_text(json.dumps(dict(weight_map=dict(v='part.bin'))))
    assert read_weight_files(folder).content.keys() == {'v'}
    for name in '../other.bin', str(other):
        index.write_text(json.dumps(dict(weight_map=dict(w=name))))
        with pytest.raises(FileNotFoundError, match='lacks .*other.bin'):
            read_weight_files(folder)
