"""Detectors on scenes of shapes, from a pre-trained backbone to AP."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hirl_mm.datasets.toy import write_shape_scenes
from hirl_mm.registry import MODELS
from tests.detectors import Losses, load_demo
from tests.released import under
from tests.runs import ROOT, run, settle
from tests.trained_files import save

pytest.importorskip('mmdet.models')

CNN = 'demo/mask-rcnn_resnet18-fpn_1xb8-12e_shape-scenes.py'
VIT = 'demo/cascade-mask-rcnn_vit-4x64-p8_1xb8-12e_shape-scenes.py'
# Pre-trainings whose backbones they take.
PRE_TRAINED = {
    CNN: 'demo/mocov2_resnet18_1xb64-20e_digits.py',
    VIT: 'debug/dino_vit-4x64-p8_1xb64-mcrop-4e_digits.py',
}


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_shape_scenes(root, num_train=24, num_val=4)


def checkpoint_for(name, folder):
    """Weights of a backbone as a pre-training leaves them."""
    cfg = Config.fromfile(ROOT / 'configs' / PRE_TRAINED[name])
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    backbone = MODELS.build(cfg.model.backbone)
    backbone.init_weights()
    return save(under('backbone.', backbone.state_dict()), folder)


def load(name, scenes, checkpoint, work_dir):
    cfg = load_demo(name, scenes)
    settle(cfg, work_dir)
    cfg.model.backbone.init_cfg.checkpoint = checkpoint
    return cfg


@pytest.mark.parametrize('name', [CNN, VIT])
def test_loss_falls_from_the_pre_trained_backbone(name, scenes, tmp_path):
    checkpoint = checkpoint_for(name, tmp_path)
    cfg = load(name, scenes, checkpoint, tmp_path)
    cfg.train_cfg.update(max_epochs=4, val_interval=4)
    # MMDetection computes no AP where nothing was found.
    cfg.model.test_cfg.rcnn.score_thr = 0.0
    cfg.param_scheduler = None  # A warm-up would last all this run.
    losses = Losses()
    runner = run(cfg, losses)
    given = torch.load(checkpoint)['state_dict']
    for key, value in losses.start.items():
        if key != 'pos_embed':  # of another image size
            assert torch.equal(value, given[f'backbone.{key}']), key
    assert losses.last_by_first() < 0.8
    logged = runner.message_hub.get_scalar('val/coco/bbox_mAP').current()
    assert 0 <= logged <= 1


@pytest.mark.parametrize('name', [CNN, VIT])
def test_weights_are_asked_for(name, scenes, tmp_path):
    cfg = load(name, scenes, '', tmp_path)
    with pytest.raises(ValueError, match='init_cfg.checkpoint=FILE'):
        Runner.from_cfg(cfg).train()
