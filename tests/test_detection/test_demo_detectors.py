"""Detectors on scenes of shapes, from a pre-trained backbone to AP."""

import uuid

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.datasets.embedded import write_shape_scenes
from hirl_mm.registry import MODELS
from tests.runs import ROOT

pytest.importorskip('mmdet.models')

FOLDER = ROOT / 'configs/detection/demo'
CNN = 'mask-rcnn_resnet18-fpn_1xb8-12e_shape-scenes.py'


class Losses(Hook):
    """The loss of every iteration, and the backbone before the first."""

    def before_train(self, runner):
        self.values = []
        backbone = runner.model.backbone
        self.start = {k: v.clone() for k, v in backbone.state_dict().items()}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.values.append(float(outputs['loss']))


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_shape_scenes(root, num_train=24, num_val=4)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """Weights of a backbone as a pre-training leaves them."""
    cfg = Config.fromfile(
        ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'
    )
    torch.manual_seed(0)
    backbone = MODELS.build(dict(cfg.model.backbone, _scope_='mmpretrain'))
    backbone.init_weights()
    state = {f'backbone.{k}': v for k, v in backbone.state_dict().items()}
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    torch.save(dict(state_dict=state), path)
    return path


def load(name, scenes, checkpoint, work_dir):
    cfg = Config.fromfile(FOLDER / name)
    cfg.work_dir, cfg.experiment_name = str(work_dir), uuid.uuid4().hex
    cfg.launcher, cfg.log_level = 'none', 'WARNING'
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[loader].dataset.data_root = str(scenes)
    annotations = str(scenes / 'annotations/instances_val.json')
    for evaluator in ('val_evaluator', 'test_evaluator'):
        cfg[evaluator].ann_file = annotations
    cfg.model.backbone.init_cfg.checkpoint = str(checkpoint)
    return cfg


@pytest.mark.parametrize('name', [CNN])
def test_loss_falls_from_the_pre_trained_backbone(
    name, scenes, checkpoint, tmp_path
):
    cfg = load(name, scenes, checkpoint, tmp_path)
    cfg.train_cfg.update(max_epochs=4, val_interval=4)
    runner, losses = Runner.from_cfg(cfg), Losses()
    runner.register_hook(losses, priority='LOWEST')
    runner.train()
    given = torch.load(checkpoint)['state_dict']
    for key, value in losses.start.items():
        assert torch.equal(value, given[f'backbone.{key}']), key
    steps = len(losses.values) // 4
    first, last = losses.values[:steps], losses.values[-steps:]
    assert np.mean(last) < 0.8 * np.mean(first)
    logged = runner.message_hub.get_scalar('val/coco/bbox_mAP').current()
    assert 0 <= logged <= 1


@pytest.mark.parametrize('name', [CNN])
def test_weights_are_asked_for(name, scenes, tmp_path):
    cfg = load(name, scenes, '', tmp_path)
    with pytest.raises(ValueError, match='init_cfg.checkpoint=FILE'):
        Runner.from_cfg(cfg).train()
