"""Pictures of predictions, of what package ever the network is.

Detectors are drawn in tests/test_tools/test_test_tool.py, segmentations in
tests/test_detection/test_segmentation.py.
"""

import cv2
import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from hirl_mm.engine.evaluation.prediction_pictures import draw_predictions
from tests.runs import ROOT, settle

CLASSIFIER = (
    ROOT / 'configs/evaluation/demo/resnet18_1xb64-linear-10e_digits.py'
)


def test_every_image_of_a_classifier(digits, tmp_path):
    cfg = Config.fromfile(CLASSIFIER)
    cfg.model.backbone.pop('init_cfg')
    cfg.test_dataloader = dict(cfg.val_dataloader, batch_size=4)
    cfg.test_dataloader['dataset'].update(
        data_root=str(digits), indices=list(range(0, 60, 10))
    )
    cfg.test_evaluator, cfg.test_cfg = cfg.val_evaluator, dict()
    settle(cfg, tmp_path)
    draw_predictions(cfg, tmp_path / 'shown')
    assert 0 <= Runner.from_cfg(cfg).test()['accuracy/top1'] <= 100
    pictures = sorted((tmp_path / 'shown').iterdir())
    assert len(pictures) == 6
    assert cv2.imread(str(pictures[0])) is not None


def test_package_that_draws_nothing(tmp_path):
    cfg = Config(dict(default_scope='mmpose'))
    with pytest.raises(ValueError, match='mmpretrain, not mmpose'):
        draw_predictions(cfg, tmp_path)
