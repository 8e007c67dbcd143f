"""Short runs of R50-C4's parts, and annotations that lack masks."""

import json
import uuid
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hirl_mm.datasets.embedded import write_shape_scenes
from hirl_mm.registry import MODELS
from tests.runs import ROOT

pytest.importorskip('mmdet.models')

FOLDER = ROOT / 'configs/detection'
DEMO = 'demo/mask-rcnn_resnet18-fpn_1xb8-12e_shape-scenes.py'
C4 = 'coco/mask-rcnn_resnet50-c4_8xb2-180k_coco.py'
TRAIN, VAL = (
    f'annotations/instances_{part}.json' for part in ('train', 'val')
)


@pytest.fixture
def scenes(tmp_path):
    return write_shape_scenes(tmp_path / 'scenes', num_train=8, num_val=2)


def on_scenes(cfg, scenes, work_dir):
    """Take the data of the demo, and the environment of a test."""
    demo = Config.fromfile(FOLDER / DEMO)
    for part in ('train', 'val', 'test'):
        loader = demo[f'{part}_dataloader']
        loader.batch_size = 2
        loader.dataset.data_root = str(scenes)
        cfg[f'{part}_dataloader'] = loader
        if part != 'train':
            evaluator = demo[f'{part}_evaluator']
            evaluator.ann_file = str(scenes / VAL)
            cfg[f'{part}_evaluator'] = evaluator
    cfg.work_dir, cfg.experiment_name = str(work_dir), uuid.uuid4().hex
    cfg.launcher, cfg.log_level = 'none', 'WARNING'
    return cfg


def small_c4(scenes, work_dir):
    """The Mask R-CNN R50-C4 of COCO with a ResNet-18 and few regions."""
    cfg = Config.fromfile(FOLDER / C4)
    cfg.merge_from_dict(
        {
            'model.backbone.depth': 18,
            'model.rpn_head.in_channels': 256,
            'model.rpn_head.feat_channels': 32,
            'model.roi_head.bbox_roi_extractor.out_channels': 256,
            'model.roi_head.shared_head.depth': 18,
            'model.roi_head.shared_head.num_channels': 512,
            'model.roi_head.bbox_head.in_channels': 512,
            'model.roi_head.mask_head.in_channels': 512,
            'model.roi_head.mask_head.conv_out_channels': 16,
            'model.roi_head.bbox_head.num_classes': 12,
            'model.roi_head.mask_head.num_classes': 12,
            'model.train_cfg.rcnn.sampler.num': 8,
            'model.train_cfg.rpn_proposal.max_per_img': 20,
            'model.test_cfg.rpn.max_per_img': 8,
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
        }
    )
    return on_scenes(cfg, scenes, work_dir)


def resnet18(path):
    backbone = MODELS.build(dict(type='mmpretrain.ResNet', depth=18))
    weights = backbone.state_dict()
    state = {f'backbone.{key}': value for key, value in weights.items()}
    torch.save(dict(state_dict=state), path)
    return str(path)


def test_c4_trains_and_is_evaluated(scenes, tmp_path):
    cfg = small_c4(scenes, tmp_path / 'run')
    cfg.model.backbone.init_cfg.checkpoint = resnet18(tmp_path / 'e.pth')
    from mmdet.apis import inference_detector, init_detector

    runner = Runner.from_cfg(cfg)
    head = runner.model.roi_head.shared_head
    weights = torch.load(tmp_path / 'e.pth')['state_dict']
    pretrained = weights['backbone.layer4.0.conv1.weight']
    runner.train()
    assert runner.iter == 2
    moved = (head.res5.layer4[0].conv1.weight - pretrained).abs().max()
    assert 0 < moved < 1e-2
    assert (head.norm.weight != 1).any() and head.norm.running_mean.any()
    hub = runner.message_hub
    for key in ('bbox_mAP', 'segm_mAP'):
        assert 0 <= hub.get_scalar(f'val/coco/{key}').current() <= 1
    # What the run leaves is all that inference needs.
    saved = Config.fromfile(tmp_path / 'run' / Path(C4).name)
    trained = str(tmp_path / 'run/iter_2.pth')
    detector = init_detector(saved, trained, 'none', 'cpu')
    for key, value in runner.model.state_dict().items():
        assert torch.equal(detector.state_dict()[key], value), key
    image = min((scenes / 'val').iterdir())
    found = inference_detector(detector, str(image)).pred_instances
    assert found.masks.shape[0] == len(found.scores)


def without_masks(path, chosen=slice(None)):
    """Take the masks of objects out of a file."""
    content = json.loads(path.read_text())
    for annotation in content['annotations'][chosen]:
        del annotation['segmentation']
    path.write_text(json.dumps(content))


@pytest.mark.parametrize('file', [TRAIN, VAL])
def test_masks_are_looked_for_before_training(scenes, tmp_path, file):
    without_masks(scenes / file)
    cfg = small_c4(scenes, tmp_path / 'run')
    cfg.model.backbone.init_cfg.checkpoint = resnet18(tmp_path / 'e.pth')
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match='without a mask') as error:
        runner.train()
    assert str(scenes / file) in str(error.value)
    assert 'Faster R-CNN' in str(error.value)
    assert runner.iter == 0


def test_masks_are_looked_for_before_a_test(scenes, tmp_path):
    without_masks(scenes / VAL)
    runner = Runner.from_cfg(small_c4(scenes, tmp_path / 'run'))
    with pytest.raises(ValueError, match='without a mask'):
        runner.test()


def test_one_missing_mask_is_found(scenes):
    from mmdet.registry import DATASETS

    from hirl_mm.engine.hooks.mask_check_hook import check_masks

    init_default_scope('mmdet')
    cfg = Config.fromfile(FOLDER / DEMO).train_dataloader.dataset
    cfg.data_root = str(scenes)
    check_masks(DATASETS.build(cfg))
    objects = json.loads((scenes / TRAIN).read_text())['annotations']
    images = [annotation['image_id'] for annotation in objects]
    # The last object that is not alone in its image.
    last = max(i for i, image in enumerate(images) if images.count(image) > 1)
    without_masks(scenes / TRAIN, slice(last, last + 1))
    with pytest.raises(ValueError, match=f'in image {images[last]}:'):
        check_masks(DATASETS.build(cfg))
