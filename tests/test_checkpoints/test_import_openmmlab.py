"""Checkpoints of MMPreTrain, MMDetection and this project."""

import pytest
import torch
from mmengine.config import Config

from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.import_backbone import import_weights
from hirl_mm.checkpoints.literal_configs import literal_config
from tests.released import ARCH, PATCH, SIZE, junk, mm_beit, mm_vit, under
from tests.released import torchvision_resnet as resnet
from tests.trained_files import trained

BGR = dict(
    mean=[103.53, 116.28, 123.675], std=[1.0, 1.0, 1.0], bgr_to_rgb=False
)


def file(weights, **cfg):
    """As MMEngine writes it."""
    text = Config(cfg).pretty_text
    return dict(state_dict=weights, meta=dict(cfg=text, epoch=3))


def test_classifier():
    net = mm_vit(norm_cfg=dict(type='LN', eps=1e-5))
    weights = under('backbone.', net.state_dict()) | junk('head.fc.weight')
    pixels = dict(mean=[123.0] * 3, std=[58.0] * 3, to_rgb=True)
    backbone = dict(
        type='VisionTransformer',
        arch=ARCH,
        patch_size=PATCH,
        norm_cfg=dict(type='LN', eps=1e-5),
    )
    imported = import_weights(
        file(
            weights,
            model=dict(type='ImageClassifier', backbone=backbone),
            data_preprocessor=pixels,
        )
    )
    assert imported.num_heads == 3
    assert imported.described.pixels == dict(
        mean=[123.0] * 3, std=[58.0] * 3, channels='rgb'
    )
    config = backbone_config(imported)
    assert config['img_size'] == SIZE
    assert config['norm_cfg'] == dict(type='LN', eps=1e-5)
    assert imported.state.keys() == net.state_dict().keys()


@pytest.mark.parametrize(
    ('arch', 'heads'), [('DeiT-small', 6), ('mine', None), (None, None)]
)
def test_heads_of_a_named_arch(arch, heads):
    net = mm_vit().state_dict()
    cfg = dict(model=dict(algorithm=dict(backbone=dict(arch=arch))))
    assert import_weights(file(net, **cfg)).num_heads == heads


def detector():
    weights = under('backbone.', resnet(18, 0).state_dict())
    return weights | junk('neck.lateral.weight', 'rpn_head.conv.weight')


@pytest.mark.parametrize('style', ['caffe', 'pytorch'])
def test_detector(style):
    backbone = dict(type='ResNet', depth=18, style=style, strides=(1, 2, 2, 1))
    imported = import_weights(
        file(
            detector(),
            model=dict(
                backbone=backbone,
                data_preprocessor=dict(type='DetDataPreprocessor', **BGR),
            ),
        )
    )
    assert backbone_config(imported) == dict(
        type='ResNet', depth=18, style=style, strides=[1, 2, 2, 1]
    )
    assert imported.described.facts['style'] == [style]
    assert imported.described.pixels['channels'] == 'bgr'
    assert imported.described.pixels['mean'] == BGR['mean']


def test_epsilon_of_batch_norms():
    backbone = dict(type='ResNet', depth=18, norm_cfg=dict(eps=1e-3))
    cfg = dict(model=dict(backbone=backbone))
    config = backbone_config(import_weights(file(detector(), **cfg)))
    assert config['norm_cfg'] == dict(type='BN', eps=1e-3)


def test_file_without_a_config():
    imported = import_weights(dict(state_dict=detector(), meta={}))
    assert imported.described.facts == {}
    assert backbone_config(imported) == dict(type='ResNet', depth=18)


def test_config_before_mmengine():
    cfg = dict(img_norm_cfg=dict(mean=[1.0], std=[2.0], to_rgb=True))
    described = import_weights(file(detector(), **cfg)).described
    assert described.pixels == dict(mean=[1.0], std=[2.0], channels='rgb')


def test_code_in_a_config_does_not_run(tmp_path):
    mark = tmp_path / 'ran'
    text = (
        f'open({str(mark)!r}, "w")\n'
        f'model = dict(backbone=dict(style=open({str(mark)!r}, "w"), '
        'depth=-18, arch="x", other=make(a=1)), **dict(y=1))\n'
        'a, b = 1, 2\nc = 1 + 1j * 2\nd = {"e": (1, f), **g}'
    )
    values = literal_config(text)
    backbone = dict(style=None, depth=-18, arch='x', other=None)
    assert values['model']['backbone'] == backbone
    assert values['d']['e'] == [1, None]
    assert not mark.exists()
    assert literal_config('model = dict(') == {}
    assert literal_config('\0') == {}


def test_mmselfsup_before_mmengine():
    """A query encoder of backbone and neck, and the backbone's own name."""
    state = resnet(18, 0).state_dict()
    weights = under('backbone.', state) | under('encoder_q.0.', state)
    weights |= under('encoder_k.0.', resnet(18, 1).state_dict())
    imported = import_weights(dict(state_dict=weights | junk('queue')))
    assert imported.release.network == 'backbone.'
    assert torch.equal(imported.state['conv1.weight'], state['conv1.weight'])


@pytest.mark.slow
@pytest.mark.parametrize('name', ['MoCo', 'DINO', 'iBOT', 'BEiT'])
def test_checkpoint_of_this_project(name):
    """The teacher of DINO and iBOT; the network fits the config."""
    model = trained(name)
    imported = import_weights(dict(state_dict=model.state_dict()), num_heads=2)
    teacher = hasattr(model, 'teacher')
    net = model.teacher.backbone if teacher else model.backbone
    assert imported.release.network.startswith('teacher.') == teacher
    for key, value in imported.state.items():
        assert torch.equal(net.state_dict()[key], value)
    missing = set(net.state_dict()) - set(imported.state)
    assert missing <= {'mask_token'}
    backbone_config(imported)


def test_beit_without_a_prefix():
    net = mm_beit(shared=False)
    imported = import_weights(net.state_dict())
    assert imported.family.name == 'BEiT'
    assert imported.num_heads == 3
    config = backbone_config(imported)
    assert config['use_rel_pos_bias']
    assert config['out_type'] == 'cls_token'
