"""tools/test.py as a real process, on a detector."""

import sys

import cv2
import pytest
import torch
from mmengine.config import Config

from hirl_mm.datasets.embedded import write_shape_scenes
from hirl_mm.registry import MODELS
from tests.runs import ROOT
from tests.training_tool import start

pytest.importorskip('mmdet.models')

CONFIG = (
    ROOT
    / 'configs/detection/demo/mask-rcnn_resnet18-fpn_1xb8-12e_shape-scenes.py'
)


def test_metrics_and_pictures(tmp_path):
    scenes = write_shape_scenes(tmp_path / 'scenes', num_train=1, num_val=3)
    cfg = Config.fromfile(CONFIG)
    cfg.model.backbone.pop('init_cfg')
    model = MODELS.build(dict(cfg.model, _scope_='mmdet'))
    # All boxes are shown, of whatever score.
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'weights.pth')
    annotations = scenes / 'annotations/instances_val.json'
    done = start(
        *(sys.executable, ROOT / 'tools/test.py', CONFIG),
        *(tmp_path / 'weights.pth', '--work-dir', tmp_path / 'run'),
        *('--show-dir', tmp_path / 'shown', '--cfg-options'),
        f'test_dataloader.dataset.data_root={scenes}',
        f'test_evaluator.ann_file={annotations}',
        'model.test_cfg.rcnn.score_thr=0.0',
    )
    assert done.returncode == 0, done.stdout[-3000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    printed = {
        line[0]: float(line[1])
        for line in lines
        if len(line) == 2 and line[0].startswith('coco/')
    }
    assert {'coco/bbox_mAP', 'coco/segm_mAP'} <= set(printed)
    assert 0 <= printed['coco/bbox_mAP'] < 0.2
    pictures = sorted((tmp_path / 'shown').glob('*.png'))
    assert len(pictures) == 3
    # Annotations on the left, predictions on the right.
    assert cv2.imread(str(pictures[0])).shape == (128, 320, 3)


def test_no_such_checkpoint():
    done = start(sys.executable, ROOT / 'tools/test.py', CONFIG, 'gone.pth')
    assert done.returncode == 2
    assert 'there is no file gone.pth' in done.stdout.splitlines()[-1]
