"""All detectors of COCO and VOC, made narrow, learn scenes of shapes."""

import pytest

from hirl_mm.datasets.toy import write_shape_scenes
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from tests.detectors import FOLDER, Losses, load_on_scenes
from tests.runs import run

pytest.importorskip('mmdet.models')

CONFIGS = sorted(
    str(path.relative_to(FOLDER))
    for part in ('coco', 'voc')
    for path in (FOLDER / part).glob('*.py')
)
STEPS = 24


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_shape_scenes(root, num_train=8, num_val=2)


@pytest.mark.parametrize('name', CONFIGS)
def test_loss_falls(name, scenes, tmp_path):
    cfg = load_on_scenes(name, scenes, tmp_path)
    cfg.model.backbone.init_cfg = None
    if cfg.train_cfg.type == 'IterBasedTrainLoop':
        cfg.train_cfg.update(max_iters=STEPS, val_interval=STEPS)
    else:
        cfg.train_cfg.update(max_epochs=STEPS // 4, val_interval=STEPS)
    # The recipe's warm-up alone is longer than this run.
    cfg.param_scheduler = None
    cfg.optim_wrapper.optimizer = dict(type='AdamW', lr=2e-3, weight_decay=0.0)
    fit_to_cpu(cfg)
    losses = Losses()
    runner = run(cfg, losses)
    assert len(losses.values) == STEPS
    assert losses.last_by_first() < 0.8
    # The masks' AP where there are masks, and the boxes'.
    kinds = ['bbox', 'segm'] if 'mask_head' in cfg.model.roi_head else ['bbox']
    scalars = runner.message_hub.log_scalars
    logged = [key for key in scalars if key.endswith('_mAP')]
    assert logged == [f'val/coco/{kind}_mAP' for kind in kinds]
