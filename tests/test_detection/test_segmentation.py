"""Semantic segmentation on VOC 2012: what is built, and a short run."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hirl_mm.datasets.toy import write_shape_scenes
from hirl_mm.engine.evaluation.prediction_pictures import draw_predictions
from hirl_mm.evaluation.paper_results import SSPRL_TABLES
from hirl_mm.registry import MODELS
from hirl_mm.studies.metrics import figure_of
from tests.detectors import Losses
from tests.released import under
from tests.runs import ROOT, run, settle
from tests.trained_files import save

CONFIG = (
    ROOT / 'configs/segmentation/fcn_resnet50-d8_4xb4-20k_voc12aug-512x512.py'
)
STEPS = 16


def test_recipe_of_segmentation():
    """Section C.6."""
    cfg = Config.fromfile(CONFIG)
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4
    )
    (decay,) = cfg.param_scheduler
    assert (decay.type, decay.power, decay.eta_min) == ('PolyLR', 0.9, 1e-4)
    assert decay.end == cfg.train_cfg.max_iters == 20000
    assert not decay.by_epoch
    backbone = cfg.model.backbone
    assert backbone.dilations == (1, 1, 2, 4)
    assert backbone.strides == (1, 2, 1, 1)
    assert backbone.contract_dilation
    # Padding is not background.
    assert cfg.model.data_preprocessor.seg_pad_val == 255
    assert cfg.model.auxiliary_head.loss_decode.loss_weight == 0.4
    for head in cfg.model.decode_head, cfg.model.auxiliary_head:
        assert (head.type, head.num_classes) == ('FCNHead', 21)
    train, added = cfg.train_dataloader.dataset.datasets
    assert train.ann_file.endswith('train.txt')
    assert added.ann_file.endswith('aug.txt')
    assert added.data_prefix.seg_map_path == 'SegmentationClassAug'
    assert cfg.auto_scale_lr.base_batch_size == 16
    assert cfg.train_dataloader.batch_size == 4
    crops = [
        transform.crop_size
        for part in (train, added)
        for transform in part.pipeline
        if transform.type == 'RandomCrop'
    ]
    assert crops == [(512, 512)] * 2
    assert cfg.val_dataloader.dataset.ann_file.endswith('val.txt')
    keys = {cell.key for cell in SSPRL_TABLES['S-A'].cells()}
    assert keys == {(cfg.protocol.name, figure_of(cfg.protocol.metric))}


def test_the_whole_backbone_is_loaded(tmp_path):
    pytest.importorskip('mmseg.models')
    cfg = Config.fromfile(CONFIG)
    torch.manual_seed(0)
    backbone = MODELS.build(dict(type='mmpretrain.ResNet', depth=50))
    weights = {
        key: torch.rand(value.shape)
        for key, value in backbone.state_dict().items()
        if not key.endswith('num_batches_tracked')
    }
    path = save(under('backbone.', weights), tmp_path)
    cfg.model.backbone.init_cfg.checkpoint = path
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    model.init_weights()
    for key, value in weights.items():
        assert torch.equal(model.backbone.state_dict()[key], value), key
    maps = model.eval().backbone(torch.rand(1, 3, 64, 64))
    assert [map_.shape[-1] for map_ in maps] == [16, 8, 8, 8]
    for part in cfg.train_dataloader.dataset.datasets:
        Compose(part.pipeline)


@pytest.fixture
def voc12(tmp_path):
    """Scenes of shapes in the layout of VOC 2012, a class per shape."""
    scenes = write_shape_scenes(tmp_path / 'scenes', num_train=8, num_val=2)
    root = tmp_path / 'VOC2012'
    for folder in ('JPEGImages', 'ImageSets/Segmentation'):
        (root / folder).mkdir(parents=True)
    for masks in ('SegmentationClass', 'SegmentationClassAug'):
        (root / masks).mkdir()
    for part, splits in dict(train=('train', 'aug'), val=('val',)).items():
        file = scenes / f'annotations/instances_{part}.json'
        content = json.loads(file.read_text())
        names = []
        for image in content['images']:
            name = f'{part}_{image["id"]}'
            names.append(name)
            picture = cv2.imread(str(scenes / part / image['file_name']))
            cv2.imwrite(str(root / f'JPEGImages/{name}.jpg'), picture)
            classes = class_map(image, content['annotations'])
            for masks in ('SegmentationClass', 'SegmentationClassAug'):
                cv2.imwrite(str(root / f'{masks}/{name}.png'), classes)
        for split in splits:
            path = root / f'ImageSets/Segmentation/{split}.txt'
            path.write_text('\n'.join(names))
    return root


def class_map(image, annotations):
    """(H, W): 0 where there is no object, else its category."""
    classes = np.zeros((image['height'], image['width']), np.uint8)
    for annotation in annotations:
        if annotation['image_id'] != image['id']:
            continue
        for polygon in annotation['segmentation']:
            points = np.array(polygon).reshape(-1, 2).round().astype(int)
            cv2.fillPoly(classes, [points], annotation['category_id'])
    return classes


def narrow_on(voc12, work_dir):
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(
        {
            'model.backbone.depth': 18,
            'model.backbone.init_cfg': None,
            'model.backbone.base_channels': 16,
            'model.backbone.stem_channels': 16,
            'model.decode_head.in_channels': 128,
            'model.decode_head.channels': 32,
            'model.auxiliary_head.in_channels': 64,
            'model.auxiliary_head.channels': 16,
            'model.data_preprocessor.size': (64, 64),
            'train_cfg.max_iters': STEPS,
            'train_cfg.val_interval': STEPS,
        }
    )
    parts = cfg.train_dataloader.dataset.datasets
    for part in [*parts, *evaluated(cfg)]:
        part.data_root = str(voc12)
    for part in parts:
        (crop,) = (t for t in part.pipeline if t.type == 'RandomCrop')
        crop.crop_size = (64, 64)
        (resize,) = (t for t in part.pipeline if t.type == 'RandomResize')
        resize.scale = (160, 128)
    for part in evaluated(cfg):
        (resize,) = (t for t in part.pipeline if t.type == 'Resize')
        resize.scale = (160, 128)
    for name in ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].update(
            num_workers=0, persistent_workers=False
        )
    settle(cfg, work_dir)
    cfg.randomness = dict(seed=0)
    return cfg


def evaluated(cfg):
    return cfg.val_dataloader.dataset, cfg.test_dataloader.dataset


def test_from_training_to_pictures(voc12, tmp_path):
    pytest.importorskip('mmseg.models')
    losses = Losses()
    runner = run(narrow_on(voc12, tmp_path / 'run'), losses)
    assert len(losses.values) == STEPS
    assert losses.last_by_first() < 0.8
    trained = runner.message_hub.get_scalar('val/mIoU').current()
    assert 0 < trained <= 100

    cfg = narrow_on(voc12, tmp_path / 'test')
    cfg.load_from = str(tmp_path / f'run/iter_{STEPS}.pth')
    draw_predictions(cfg, tmp_path / 'shown')
    assert Runner.from_cfg(cfg).test()['mIoU'] == pytest.approx(trained)
    pictures = sorted((tmp_path / 'shown').rglob('*.png'))
    assert [p.name.split('.')[0] for p in pictures] == [
        'test_val_1',
        'test_val_2',
    ]
    # Annotation on the left, prediction on the right.
    assert cv2.imread(str(pictures[0])).shape == (128, 320, 3)
