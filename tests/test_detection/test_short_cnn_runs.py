"""Short runs of R50-C4's parts, and annotations that lack masks."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hirl_mm.datasets.toy import write_shape_scenes
from hirl_mm.registry import MODELS
from tests.detectors import DEMO, FOLDER, TRAIN, VAL, load_on_scenes

pytest.importorskip('mmdet.models')

C4 = 'coco/mask-rcnn_resnet50-c4_8xb2-180k_coco.py'


@pytest.fixture
def scenes(tmp_path):
    return write_shape_scenes(tmp_path / 'scenes', num_train=8, num_val=2)


def small_c4(scenes, work_dir):
    """The Mask R-CNN R50-C4 of COCO with a ResNet-18 and few regions."""
    cfg = load_on_scenes(C4, scenes, work_dir)
    cfg.train_cfg.update(max_iters=2, val_interval=2)
    return cfg


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

    from hirl_mm.engine.checks.masks import check_masks

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
