"""Every recipe of configs/small trains on a few images, into its trees."""

import math

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from hirl_mm.engine.runtime.device_views import place_views
from tests.runs import NUMS, ROOT, settle

# Plain recipes are the bases of these.
NAMES = sorted(
    path.stem.split('_')[0]
    for path in (ROOT / 'configs/small').glob('*_fashion-mnist.py')
    if path.stem.startswith('hirl-') or 'scale0' in path.stem
)


@pytest.mark.parametrize('name', NAMES)
def test_recipe_trains(name, digits, tmp_path):
    (file,) = (ROOT / 'configs/small').glob(f'{name}_*_fashion-mnist.py')
    cfg = Config.fromfile(file)
    settle(cfg, tmp_path)
    cfg.train_cfg.max_epochs = 2
    images = cfg.train_dataloader.dataset
    images.update(data_root=str(digits), indices=list(range(0, 1500, 15)))
    cfg.train_dataloader.batch_size = 32
    hooks = cfg.default_hooks
    hooks.logger.interval = 1
    if 'kmeans' in hooks:
        # After an epoch of three steps features differ little.
        guard = dict(min_spread=0.0)
        hooks.kmeans.update(num_prototypes=NUMS, start_epoch=1, guard=guard)
    place_views(cfg)
    runner = Runner.from_cfg(cfg)
    runner.train()
    scalars = runner.message_hub.log_scalars
    loss = scalars['train/loss'].current()
    assert math.isfinite(loss) and loss != 0
    assert ('train/loss_spd' in scalars) == ('kmeans' in hooks)
