"""Trainings of networks with register tokens and rotary positions."""

import pytest
import torch
from mmengine.config import Config

from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_backbone import import_backbone
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.initial_backbone import initial_backbone
from tests.dinov3_files import released_dinov3
from tests.libraries import timm_dinov3
from tests.released import HEADS, WIDTH
from tests.runs import ROOT, run, settle

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def released(tmp_path_factory):
    """A file with the names of facebookresearch/dinov3, and an import."""
    folder = tmp_path_factory.mktemp('released')
    torch.save(released_dinov3(timm_dinov3()), folder / 'dinov3.pth')
    import_checkpoint(folder / 'dinov3.pth', folder / 'in.pth')
    return import_backbone(folder / 'dinov3.pth'), folder / 'in.pth'


@pytest.mark.parametrize('name', ['dino', 'ibot'])
def test_two_steps(name, released, digits, tmp_path):
    """Local crops, a tree, checkpoints; then the teacher goes to timm."""
    imported, file = released
    path = f'configs/debug/hirl-{name}_vit-4x64-p8_1xb64-mcrop-4e_digits.py'
    cfg = Config.fromfile(ROOT / path)
    settle(cfg, tmp_path)
    cfg.train_cfg.max_epochs = 2
    cfg.model.backbone = initial_backbone(cfg.model.backbone, imported, file)
    cfg.model.neck.in_channels = WIDTH
    cfg.train_dataloader.batch_size = 8
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = list(range(0, 1500, 188))
    cfg.default_hooks.kmeans.update(num_prototypes=(4, 2), start_epoch=1)
    cfg.model.spd_head.num_levels = 2
    cfg.default_hooks.pop('knn_probe', None)
    runner = run(cfg)
    assert runner.iter == 2
    trained = runner.model.backbone.state_dict()
    old = imported.state
    for key in ('register_tokens', 'layers.0.attn.qkv.weight'):
        assert not torch.equal(trained[key], old[key].float()), key
    keys = trained['layers.0.attn.qkv.bias'].chunk(3)[1]
    assert not keys.any()
    exported = export_backbone(
        tmp_path / 'epoch_2.pth', 'timm', tmp_path / 'out.safetensors'
    )
    assert "'vit_small_patch16_dinov3_qkvb'" in exported.load
    assert f'num_heads={HEADS}' in exported.load
    masked = ['mask_token'] if name == 'ibot' else []
    assert exported.left_out == masked
