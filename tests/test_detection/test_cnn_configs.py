"""Detectors with a ResNet-50: what is built, and what is loaded into it."""

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import nn

from hirl_mm.evaluation.paper_results import CSML_TABLES, HCCL_TABLES
from hirl_mm.registry import MODELS
from hirl_mm.studies.metrics import figure_of
from tests.runs import ROOT

pytest.importorskip('mmdet.models')

FOLDER = ROOT / 'configs/detection'
FASTER = 'coco/faster-rcnn_resnet50-c4_8xb2-180k_coco.py'
MASK = 'coco/mask-rcnn_resnet50-c4_8xb2-180k_coco.py'
MASK_FPN = 'coco/mask-rcnn_resnet50-fpn_8xb2-12e_coco.py'
CASCADE = 'coco/cascade-mask-rcnn_resnet50-fpn_8xb2-12e_coco.py'
MASK_15K = 'coco/mask-rcnn_resnet50-fpn_8xb2-15k_coco14.py'
MASK_90K = 'coco/mask-rcnn_resnet50-c4_8xb2-90k_coco.py'
VOC = 'voc/faster-rcnn_resnet50-c4_8xb2-24k_voc0712.py'
FAST_VOC = 'voc/faster-rcnn_resnet50-c4_8xb2-lr1e-1-24k_voc0712.py'
C4 = FASTER, MASK, VOC
FPN = MASK_FPN, CASCADE


def load(name, checkpoint=''):
    """A config, the checkpoint given as a user does: by one option."""
    cfg = Config.fromfile(FOLDER / name)
    option = 'model.backbone.init_cfg.checkpoint'
    cfg.merge_from_dict({option: str(checkpoint)})
    init_default_scope(cfg.default_scope)
    return cfg


@pytest.fixture(scope='module')
def resnet50():
    """Weights of a ResNet-50 that no initialisation gives."""
    torch.manual_seed(0)
    backbone = MODELS.build(dict(type='mmpretrain.ResNet', depth=50))
    return {
        key: torch.rand(value.shape)
        for key, value in backbone.state_dict().items()
        if not key.endswith('num_batches_tracked')
    }


@pytest.fixture(scope='module')
def checkpoint(resnet50, tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    return save(resnet50, path)


def save(weights, path):
    state = {f'backbone.{key}': value for key, value in weights.items()}
    torch.save(dict(state_dict=state), path)
    return path


@pytest.mark.parametrize('name', [*C4, *FPN])
def test_the_whole_backbone_is_loaded(name, resnet50, checkpoint):
    model = MODELS.build(load(name, checkpoint).model)
    model.init_weights()
    loaded = model.backbone.state_dict()
    if name in C4:
        assert not any(key.startswith('layer4') for key in loaded)
        loaded |= model.roi_head.shared_head.res5.state_dict()
    weights = {k: v for k, v in loaded.items() if 'num_batches' not in k}
    assert set(weights) == set(resnet50)
    for key, value in weights.items():
        assert torch.equal(value, resnet50[key]), key


@pytest.mark.parametrize('name', [FASTER, MASK_FPN])
def test_last_stage_is_needed(name, resnet50, tmp_path):
    rest = {k: v for k, v in resnet50.items() if k[:6] != 'layer4'}
    path = save(rest, tmp_path / 'half.pth')
    with pytest.raises(ValueError, match='layer4'):
        MODELS.build(load(name, path).model).init_weights()


@pytest.mark.parametrize('name', [*C4, *FPN])
def test_everything_is_trained_with_synchronised_norms(name):
    cfg = load(name)
    model = MODELS.build(cfg.model).train()
    assert all(p.requires_grad for p in model.parameters())
    kinds = nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm
    norms = [m for m in model.modules() if isinstance(m, kinds)]
    assert all(isinstance(m, nn.SyncBatchNorm) for m in norms)
    assert all(m.training for m in norms)
    if name in C4:
        assert not model.roi_head.shared_head.res5.norm_eval
    strides = [m.conv2.stride for m in model.modules() if hasattr(m, 'conv3')]
    assert strides.count((2, 2)) == 3
    images = cfg.model.data_preprocessor
    assert images.bgr_to_rgb
    assert images.mean == [123.675, 116.28, 103.53]
    assert images.std == [58.395, 57.12, 57.375]


@pytest.mark.parametrize('name', [*C4, *FPN])
def test_kind_of_detector(name):
    model = MODELS.build(load(name).model)
    assert type(model).__name__ == {
        FASTER: 'FasterRCNN',
        VOC: 'FasterRCNN',
        CASCADE: 'CascadeRCNN',
    }.get(name, 'MaskRCNN')
    assert model.with_mask == (name not in (FASTER, VOC))
    assert model.roi_head.with_shared_head == (name in C4)
    heads = model.roi_head.bbox_head
    for head in heads if name == CASCADE else [heads]:
        assert head.num_classes == (20 if name == VOC else 80)
    if name in C4:
        test = model.test_cfg.rpn
        assert (test.nms_pre, test.max_per_img) == (6000, 1000)


def test_heads_of_fpn():
    """Section C.6: four convolutions and a layer; norms everywhere."""
    head = MODELS.build(load(MASK_FPN).model).roi_head
    assert len(head.bbox_head.shared_convs) == 4
    assert len(head.bbox_head.shared_fcs) == 1
    convs = [*head.bbox_head.shared_convs, *head.mask_head.convs]
    assert all(isinstance(conv.bn, nn.SyncBatchNorm) for conv in convs)
    neck = MODELS.build(load(CASCADE).model.neck)
    assert isinstance(neck.lateral_convs[0].bn, nn.SyncBatchNorm)


@pytest.mark.parametrize('name', [*C4, *FPN])
def test_data(name):
    cfg = load(name)
    dataset = cfg.train_dataloader.dataset
    smallest, parts = 640, [dataset]
    if name == VOC:
        smallest, parts = 480, dataset.datasets
        years = [part.ann_file[:7] for part in parts]
        assert years == ['VOC2007', 'VOC2012']
    for part in parts:
        assert 'bbox_min_size' not in part.filter_cfg
        kinds = {t.type: t for t in part.pipeline}
        sides = [scale[1] for scale in kinds['RandomChoiceResize'].scales]
        assert sides == list(range(smallest, 801, 32))
        masks = name not in (FASTER, VOC)
        assert kinds['LoadAnnotations'].get('with_mask', False) == masks
        Compose(part.pipeline)
    for loader in cfg.val_dataloader, cfg.test_dataloader:
        kinds = {t.type: t for t in loader.dataset.pipeline}
        assert kinds['Resize'].scale == (1333, 800)
        Compose(loader.dataset.pipeline)
    assert cfg.train_dataloader.batch_size == 2
    assert cfg.auto_scale_lr.base_batch_size == 16
    assert ('mask_check' in cfg.default_hooks) == masks


@pytest.mark.parametrize(
    ('name', 'length', 'drops'),
    [
        (FASTER, 180000, [120000, 160000]),
        (MASK, 180000, [120000, 160000]),
        (VOC, 24000, [18000, 22000]),
        (MASK_FPN, 12, [8, 11]),
        (CASCADE, 12, [8, 11]),
    ],
)
def test_schedule(name, length, drops):
    cfg = load(name)
    iterations = name in C4
    loop = cfg.train_cfg
    assert loop['max_iters' if iterations else 'max_epochs'] == length
    assert length % loop.val_interval == 0
    warmup, steps = cfg.param_scheduler
    assert (warmup.end, warmup.by_epoch) == (100, False)
    assert (steps.milestones, steps.gamma) == (drops, 0.1)
    assert steps.by_epoch != iterations
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4
    )
    sampler = cfg.train_dataloader.sampler
    kind = 'InfiniteSampler' if iterations else 'DefaultSampler'
    assert (sampler.type, sampler.shuffle) == (kind, True)
    saving = cfg.default_hooks.checkpoint
    assert saving.get('by_epoch', True) != iterations
    assert cfg.get('log_processor', {}).get('by_epoch', True) != iterations


@pytest.mark.parametrize(
    ('name', 'base', 'rate', 'factor', 'length', 'drops'),
    [
        (FAST_VOC, VOC, 0.1, 0.333, 24000, [18000, 22000]),
        (MASK_90K, MASK, 0.03, 0.001, 90000, [60000, 80000]),
    ],
)
def test_schedules_of_hccl(name, base, rate, factor, length, drops):
    """Section B.5; all but the schedule is that of another config."""
    cfg, other = load(name), load(base)
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=rate, momentum=0.9, weight_decay=1e-4
    )
    warmup, steps = cfg.param_scheduler
    assert dict(warmup) == dict(
        type='LinearLR', start_factor=factor, by_epoch=False, begin=0, end=1000
    )
    assert dict(steps) == dict(
        type='MultiStepLR', by_epoch=False, milestones=drops, gamma=0.1
    )
    assert cfg.train_cfg.max_iters == length
    assert length % cfg.train_cfg.val_interval == 0
    assert cfg.train_dataloader.batch_size == 2
    assert cfg.auto_scale_lr.base_batch_size == 16
    assert cfg.protocol.name != other.protocol.name
    for key in ('optim_wrapper', 'param_scheduler', 'train_cfg', 'protocol'):
        cfg.pop(key), other.pop(key)
    assert cfg.to_dict() == other.to_dict()


@pytest.mark.parametrize('name', [VOC, MASK, FASTER])
def test_reported_metrics_are_logged(name):
    """Box and mask precision at 0.5 and 0.75, and their means."""
    cfg = load(name)
    kinds = cfg.val_evaluator.get('metric', 'mAP')
    if name == VOC:
        logged = {'pascal_voc/mAP', 'pascal_voc/AP50', 'pascal_voc/AP75'}
    else:
        logged = {
            f'coco/{kind}_mAP{end}'
            for kind in ([kinds] if isinstance(kinds, str) else kinds)
            for end in ('', '_50', '_75')
        }
    assert {cfg.protocol.metric, *cfg.protocol.further_metrics} == logged


def test_detector_of_ssprl():
    """Section C.6: the first 15k iterations of 1x, on the splits of 2014."""
    cfg, other = load(MASK_15K), load(MASK_FPN)
    assert cfg.model == other.model
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4
    )
    loop = cfg.train_cfg
    assert (loop.type, loop.max_iters) == ('IterBasedTrainLoop', 15000)
    assert loop.val_interval == 15000
    warmup, steps = cfg.param_scheduler
    assert (warmup.start_factor, warmup.end) == (0.001, 1000)
    assert (steps.milestones, steps.gamma) == ([60000, 80000], 0.1)
    assert not warmup.by_epoch and not steps.by_epoch
    assert not cfg.default_hooks.checkpoint.by_epoch
    assert not cfg.log_processor.by_epoch
    assert cfg.train_dataloader.sampler.type == 'InfiniteSampler'
    assert cfg.train_dataloader.batch_size == 2
    assert cfg.auto_scale_lr.base_batch_size == 16
    for part in 'train', 'val', 'test':
        dataset = cfg[f'{part}_dataloader'].dataset
        split = 'train2014' if part == 'train' else 'val2014'
        assert dataset.ann_file == f'annotations/instances_{split}.json'
        assert dataset.data_prefix.img == f'{split}/'
        same = other[f'{part}_dataloader'].dataset
        assert dataset.pipeline == same.pipeline
    for evaluator in cfg.val_evaluator, cfg.test_evaluator:
        path = 'data/coco/annotations/instances_val2014.json'
        assert evaluator.ann_file == path
    assert 'mask_check' in cfg.default_hooks
    assert cfg.protocol.name == 'coco14-instance-15k'


def test_figures_of_hccl_are_of_its_detectors():
    """Every key of the paper's Table 4 is logged by one of the two."""
    figures = set()
    for name in FAST_VOC, MASK_90K:
        protocol = load(name).protocol
        for metric in protocol.metric, *protocol.further_metrics:
            figures.add((protocol.name, figure_of(metric)))
    assert {cell.key for cell in HCCL_TABLES[4].cells()} == figures


@pytest.mark.parametrize(
    ('name', 'table', 'num'), [(MASK_FPN, '4', 12), (VOC, '5', 2)]
)
def test_figures_of_csml_are_of_its_detectors(name, table, num):
    protocol = load(name).protocol
    figures = {
        (protocol.name, figure_of(metric))
        for metric in (protocol.metric, *protocol.further_metrics)
    }
    keys = {cell.key for cell in CSML_TABLES[table].cells()}
    assert len(keys) == num and keys <= figures


def test_precisions_on_voc():
    """AP50, AP75 and the mean over ten thresholds, as detectron2 prints."""
    from mmdet.registry import METRICS

    cfg = load(VOC)
    metric = METRICS.build(cfg.val_evaluator)
    metric.dataset_meta = dict(classes=('a',), dataset_type='VOC2007')
    labels, scores = torch.zeros(1, dtype=torch.int), torch.ones(1)
    # The overlap is 0.7: found at five of the thresholds.
    wanted, given = [[0.0, 0.0, 100.0, 100.0]], [[0.0, 0.0, 100.0, 72.0]]
    none = InstanceData(bboxes=torch.zeros(0, 4), labels=labels[:0])
    sample = dict(
        gt_instances=InstanceData(bboxes=torch.tensor(wanted), labels=labels),
        ignored_instances=none,
        pred_instances=InstanceData(
            bboxes=torch.tensor(given), labels=labels, scores=scores
        ),
    )
    metric.process({}, [sample])
    results = metric.evaluate(1)
    assert results['pascal_voc/AP50'] == 1
    assert results['pascal_voc/AP75'] == 0
    assert results[cfg.protocol.metric] == pytest.approx(0.5)


def test_norm_behind_the_last_stage():
    """Each channel leaves with mean 0 and variance 1 at the beginning."""
    head = MODELS.build(
        dict(
            type='hirl_mm.Res5ExtraNorm',
            depth=18,
            num_channels=512,
            norm_cfg=dict(type='BN'),
            norm_eval=False,
        )
    )
    torch.manual_seed(0)
    out = head.train()(torch.randn(16, 256, 8, 8))
    assert out.shape == (16, 512, 4, 4)
    torch.testing.assert_close(
        out.mean((0, 2, 3)), torch.zeros(512), atol=1e-4, rtol=0
    )
    varying = out.var((0, 2, 3), correction=0)
    torch.testing.assert_close(varying, torch.ones(512), atol=1e-2, rtol=0)
    assert out.min() < 0


def test_c4_detector_without_weights():
    """As a trained detector is built for inference."""
    cfg = load(FASTER)
    cfg.model.backbone.init_cfg = None
    before = cfg.model.to_dict()
    MODELS.build(cfg.model).init_weights()
    assert cfg.model.to_dict() == before
