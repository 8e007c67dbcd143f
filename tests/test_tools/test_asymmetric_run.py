"""The transfer with the asymmetric loss, on scenes of digits."""

import pytest
import torch
from mmengine.config import Config

from hirl_mm.checkpoints import read_checkpoint
from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.studies import RunFolder
from tests.detectors import Losses
from tests.runs import ROOT, run, settle

FOLDER = ROOT / 'configs/evaluation'
CONFIG = (
    FOLDER / 'multilabel/resnet50_1xb128-asymmetric-onecycle-40e_coco14.py'
)
SCENES = FOLDER / 'demo/resnet18_1xb32-multilabel-10e_scenes.py'
EPOCHS = 10


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_digit_scenes(root, num_trainval=96, num_test=32)


def short(root, work_dir):
    """The recipe with a narrow network, small images and a fourth as long."""
    cfg, other = Config.fromfile(CONFIG), Config.fromfile(SCENES)
    settle(cfg, work_dir)
    cfg.model.backbone.update(
        depth=18, base_channels=16, stem_channels=16, init_cfg=None
    )
    cfg.model.backbone.norm_cfg.type = 'BN'
    cfg.model.head.update(in_channels=128, num_classes=10)
    cfg.data_preprocessor.num_classes = 10
    for name in 'train_dataloader', 'val_dataloader':
        loader, dataset = cfg[name], other[name].dataset
        pipeline = loader.dataset.pipeline
        pipeline[1].scale = (64, 64)
        if name.startswith('train'):
            pipeline[2].shape = 16
            # Ninety-six scenes do not teach what is not changed by it.
            assert pipeline.pop(3).type == 'mmpretrain.RandAugment'
        loader.update(batch_size=16, num_workers=0, persistent_workers=False)
        loader.dataset = dict(dataset, data_root=str(root), pipeline=pipeline)
    cfg.optim_wrapper.optimizer.lr = 1e-2 / 25
    for scheduler in cfg.param_scheduler:
        rises = 'begin' not in scheduler
        part = dict(end=2) if rises else dict(begin=2, end=EPOCHS)
        scheduler.update(part, T_max=2 if rises else EPOCHS - 2)
    cfg.train_cfg.update(max_epochs=EPOCHS, val_interval=EPOCHS)
    cfg.custom_hooks[0].momentum = 0.05
    return cfg


def test_training_and_its_average(scenes, tmp_path):
    losses = Losses()
    runner = run(short(scenes, tmp_path), losses)
    assert len(losses.values) == 6 * EPOCHS
    first, last = losses.values[:6], losses.values[-6:]
    assert sum(last) < 0.75 * sum(first)
    # 2.3 of 10 digits are in a scene.
    found = RunFolder(tmp_path).last_value('multi-label/mAP')
    assert found > 35
    (group, *_) = runner.optim_wrapper.param_groups
    assert group['betas'][0] == pytest.approx(0.95, abs=1e-2)
    assert group['lr'] < 1e-4

    # Read as a file that holds no code: a OneCycleLR would be one.
    saved = read_checkpoint(tmp_path / f'epoch_{EPOCHS}.pth')
    trained = saved['ema_state_dict']['module.head.fc.weight']
    average = saved['state_dict']['head.fc.weight']
    assert not torch.equal(trained, average)
    torch.testing.assert_close(trained, average, rtol=0.5, atol=0.1)
