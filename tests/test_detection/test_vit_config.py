"""Cascade Mask R-CNN with ViT-B/16 against the paper."""

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import nn

from hirl_mm.registry import MODELS
from tests.detectors import narrow_vit
from tests.runs import ROOT

pytest.importorskip('mmdet.models')

FILE = (
    'configs/detection/coco/'
    'cascade-mask-rcnn_vit-base-p16_8xb2-amp-ms-12e_coco.py'
)
SMALL = dict(
    embed_dims=24, num_layers=12, num_heads=2, feedforward_channels=24
)


@pytest.fixture
def cfg():
    cfg = Config.fromfile(ROOT / FILE)
    init_default_scope(cfg.default_scope)
    return cfg


@pytest.fixture
def narrow(cfg):
    """The detector with a narrow transformer, on CPUs."""
    model = cfg.model
    narrow_vit(model, arch=SMALL, img_size=(96, 128))
    model.neck[0].norm_cfg = dict(type='BN')
    for head in model.roi_head.bbox_head:
        head.norm_cfg = dict(type='BN')
    return MODELS.build(model)


def test_recipe_of_the_paper(cfg):
    optim = cfg.optim_wrapper
    assert (optim.optimizer.type, optim.optimizer.lr) == ('AdamW', 1e-4)
    assert optim.optimizer.weight_decay == 0.05
    assert optim.type == 'AmpOptimWrapper'
    assert cfg.train_cfg.max_epochs == 12
    warmup, steps = cfg.param_scheduler
    assert (warmup.end, warmup.start_factor) == (500, 1e-3)
    assert steps.milestones == [8, 11]
    assert cfg.train_dataloader.batch_size * 8 == 16
    backbone = cfg.model.backbone
    assert backbone.drop_path_rate == 0.2
    cascade = cfg.model.train_cfg.rcnn
    assert [s.assigner.pos_iou_thr for s in cascade] == [0.5, 0.6, 0.7]
    assert cfg.model.roi_head.stage_loss_weights == [1, 0.5, 0.25]


def test_heads_of_boxes(cfg):
    heads = MODELS.build(cfg.model).roi_head.bbox_head
    assert len(heads) == 3
    for head in heads:
        assert len(head.shared_convs) == 4 and len(head.shared_fcs) == 1
        assert all(
            isinstance(conv.bn, nn.SyncBatchNorm) for conv in head.shared_convs
        )
        assert type(head.loss_bbox).__name__ == 'GIoULoss'
        assert head.loss_bbox.loss_weight == 10 and head.reg_decoded_bbox
        assert head.fc_reg.out_features == 4 * 80
    stds = [head.bbox_coder.stds for head in heads]
    assert stds[0][0] > stds[1][0] > stds[2][0]


def test_maps_of_blocks_4_6_8_and_12_without_norm(cfg):
    backbone = MODELS.build(cfg.model).backbone
    assert backbone.out_indices == [3, 5, 7, 11] and not backbone.final_norm
    assert backbone.pos_embed.shape == (1, 1 + 42 * 68, 768)


def test_norm_of_the_largest_map_is_synchronised(cfg):
    scales, _ = MODELS.build(cfg.model).neck
    assert isinstance(scales.scales[0][1], nn.SyncBatchNorm)


def test_rates_by_layer(narrow, cfg):
    optim = dict(cfg.optim_wrapper, type='OptimWrapper')
    optim.pop('loss_scale')
    optimizer = build_optim_wrapper(narrow, optim).optimizer
    names = {p: name for name, p in narrow.named_parameters()}
    seen = set()
    for group in optimizer.param_groups:
        for parameter in group['params']:
            name = names[parameter]
            seen.add(name)
            parts = name.split('.')
            depth = 13
            if parts[0] == 'backbone':
                depth = int(parts[2]) + 1 if parts[1] == 'layers' else 0
            rate = 1e-4 * 0.65 ** (13 - depth)
            assert group['lr'] == pytest.approx(rate), name
            if parameter.ndim == 1:
                assert group['weight_decay'] == 0, name
    assert seen == set(names.values())


def test_names_of_checkpointed_layers_exist(cfg, narrow):
    names = {name for name, _ in narrow.named_modules()}
    assert len(cfg.activation_checkpointing) == 12
    assert set(cfg.activation_checkpointing) <= names


def test_images_of_training(cfg):
    pipeline = Compose(cfg.train_dataloader.dataset.pipeline)
    (choice,) = [
        t for t in pipeline.transforms if type(t).__name__ == 'RandomChoice'
    ]
    plain, cropped = (
        [type(t).__name__ for t in branch] for branch in choice.transforms
    )
    assert plain == ['RandomChoiceResize']
    assert cropped == [
        'RandomChoiceResize',
        'RandomCrop',
        'RandomChoiceResize',
    ]
    crop = choice.transforms[1].transforms[1]
    assert (crop.crop_type, crop.crop_size) == ('absolute_range', (384, 600))
    assert crop.allow_negative_crop
    short = [scale[0] for scale in cfg.scales]
    assert short == list(range(480, 801, 32))


def test_image_to_boxes_and_masks(narrow):
    narrow.eval()
    with torch.no_grad():
        maps = narrow.extract_feat(torch.randn(1, 3, 96, 160))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (256, 96 // stride, 160 // stride) for stride in (4, 8, 16, 32)
    ] + [(256, 2, 3)]
