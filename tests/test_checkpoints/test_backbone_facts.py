"""Facts that shapes do not tell: recorded, and checked where files load."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.model import initialize
from mmpretrain.models import (
    MoCoV3ViT,
    ResNet,
    SwinTransformer,
)

from hirl_mm.checkpoints import load_backbone
from hirl_mm.checkpoints.backbone_facts import (
    backbone_facts,
    check_facts,
    recorded_facts,
)
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.trained_backbone import read_backbone
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.hooks import LoadedWeightsHook
from tests.released import ARCH, PATCH, SIZE, mm_vit, timm_vit, under
from tests.stock_programs import classifier_runner

HEADS = 3
REFUSED = 'attention heads: 3 in the file, 6 in the config'


@pytest.mark.parametrize(
    ('backbone', 'facts'),
    [
        (
            lambda: ResNet(18, base_channels=8, stem_channels=8),
            dict(norm_eps=[1e-5], activation=['ReLU'], style=['pytorch']),
        ),
        (
            lambda: mm_vit(),
            dict(num_heads=[3], norm_eps=[1e-6], activation=['GELU']),
        ),
        (
            lambda: MoCoV3ViT(arch='mocov3-small', img_size=32, patch_size=16),
            dict(num_heads=[12], norm_eps=[1e-6], activation=['GELU']),
        ),
        (
            lambda: SwinTransformer('tiny', img_size=32),
            dict(
                num_heads=[3, 6, 12, 24],
                norm_eps=[1e-5],
                activation=['GELU'],
            ),
        ),
    ],
)
def test_facts(backbone, facts):
    assert backbone_facts(backbone()) == facts


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    """A backbone with three heads, which its meta says."""
    net = mm_vit()
    path = tmp_path_factory.mktemp('file') / 'backbone.pth'
    meta = dict(num_heads=HEADS, backbone=backbone_facts(net))
    weights = under('backbone.', net.state_dict())
    torch.save(dict(state_dict=weights, meta=meta), path)
    return str(path)


def six_heads(**options):
    return mm_vit(arch=dict(ARCH, num_heads=6), **options)


def test_loading_a_backbone(file):
    load_backbone(mm_vit(), file)
    network = six_heads()
    before = network.cls_token.clone()
    with pytest.raises(ValueError, match=REFUSED):
        load_backbone(network, file)
    assert torch.equal(network.cls_token, before)


@pytest.mark.parametrize('as_list', [False, True])
def test_initializer(file, as_list):
    init_cfg = dict(type='Pretrained', _scope_='hirl_mm', checkpoint=file)
    network = six_heads(init_cfg=[init_cfg] if as_list else init_cfg)
    with pytest.raises(ValueError, match=REFUSED):
        initialize(network, init_cfg)


def test_evaluation(file):
    backbone = dict(
        type='VisionTransformer',
        arch=dict(ARCH, num_heads=6),
        img_size=SIZE,
        patch_size=PATCH,
    )
    model = dict(type='ImageClassifier', backbone=backbone)
    with pytest.raises(ValueError, match=REFUSED):
        load_pretrained(Config(dict(model=model)), file)
    backbone['arch'] = ARCH
    load_pretrained(Config(dict(model=model)), file)


def test_export_with_another_config(file):
    content = torch.load(file)
    assert read_backbone(content).num_heads == HEADS
    backbone = dict(
        type='VisionTransformer',
        arch=dict(ARCH, num_heads=6),
        img_size=SIZE,
        patch_size=PATCH,
    )
    cfg = Config(dict(model=dict(type='ImageClassifier', backbone=backbone)))
    with pytest.raises(ValueError, match=REFUSED):
        read_backbone(content, cfg=cfg)


@pytest.mark.parametrize(
    ('facts', 'message'),
    [
        (dict(activation=['QuickGELU']), 'activation=QuickGELU'),
        (dict(norm_eps=[1e-6, 1e-5]), 'norm_eps=1e-06, 1e-05'),
        (dict(num_heads=[3, 6]), 'num_heads=3, 6'),
    ],
)
def test_export_of_what_others_lack(file, facts, message):
    content = torch.load(file)
    content['meta']['backbone'] |= facts
    content['meta'].pop('num_heads')
    with pytest.raises(ValueError, match=message):
        read_backbone(content)


@pytest.mark.parametrize(
    ('fact', 'value', 'message'),
    [
        ('norm_eps', [1e-5], 'epsilon of the norms: 1e-05 in the file, 1e-06'),
        ('activation', ['QuickGELU'], 'functions: QuickGELU in the file, GEL'),
        ('num_heads', [3, 6], 'attention heads: 3, 6 in the file, 3 in'),
    ],
)
def test_every_fact_is_checked(fact, value, message):
    with pytest.raises(ValueError, match=message):
        check_facts(mm_vit(), dict(backbone={fact: value}), 'file.pth')


def test_style_of_a_resnet():
    meta = dict(backbone=backbone_facts(ResNet(18, style='caffe')))
    with pytest.raises(ValueError, match='caffe in the file, pytorch in the'):
        check_facts(ResNet(18), meta, 'file.pth')


def test_files_that_record_nothing():
    check_facts(mm_vit(), {}, 'file.pth')
    assert recorded_facts(dict(num_heads=None)) == {}
    assert recorded_facts(dict(num_heads=12)) == dict(num_heads=[12])


def test_facts_of_an_import(tmp_path):
    source, out = tmp_path / 'moco.pth', tmp_path / 'out.pth'
    state = under('module.base_encoder.', timm_vit(0).state_dict())
    torch.save(dict(state_dict=state), source)
    meta = import_checkpoint(source, out)
    facts = dict(norm_eps=[1e-6], activation=['GELU'])
    # Of a width that no release has.
    assert recorded_facts(meta) == facts
    check_facts(mm_vit(), meta, out)
    with pytest.raises(ValueError, match='epsilon'):
        check_facts(mm_vit(norm_cfg=dict(type='LN', eps=1e-3)), meta, out)
    load_backbone(mm_vit(), str(out))


def runner(work_dir, num_heads, *hooks, **options):
    """A classifier on a ViT with these hooks, not trained yet."""
    arch = dict(ARCH, num_heads=num_heads)
    backbone = dict(
        type='mmpretrain.VisionTransformer',
        arch=arch,
        img_size=SIZE,
        patch_size=PATCH,
        out_type='cls_token',
    )
    return classifier_runner(
        1,
        work_dir,
        backbone=backbone,
        in_channels=24,
        custom_hooks=[LoadedWeightsHook(), *hooks],
        **options,
    )


def test_files_of_a_run_of_ours(tmp_path):
    """They record the heads, and are refused for others where they load."""
    runner(tmp_path / 'run', 3, CheckpointHook()).train()
    file = str(tmp_path / 'run/epoch_1.pth')
    meta = torch.load(file)['meta']
    assert meta['backbone']['num_heads'] == [3]
    runner(tmp_path / 'same', 3, load_from=file).train()
    for i, options in enumerate(
        (
            dict(load_from=file),
            dict(load_from=file, resume=True),
            dict(
                init_cfg=dict(
                    type='Pretrained', checkpoint=file, prefix='backbone.'
                )
            ),
        )
    ):
        with pytest.raises(ValueError, match=REFUSED):
            runner(tmp_path / f'{i}', 6, **options).train()
