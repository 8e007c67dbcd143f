"""Small pre-training runs on real images."""

import time
import uuid
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

ROOT = Path(__file__).parents[1]
NUM_IMAGES = 96
NUMS = (12, 4, 2)


def small_config(digits, work_dir, *, hirl=True, epochs=2, **hook):
    """HIRL-MoCo v2, or MoCo v2, with a narrow network on 96 digits.

    Args:
        digits: The data folder.
        work_dir: Where the run writes.
        hirl: Whether to train with HIRL.
        epochs: Length of the run.
        **hook: Of the HierarchicalKMeansHook.
    """
    name = 'hirl-mocov2' if hirl else 'mocov2'
    cfg = Config.fromfile(
        ROOT / f'configs/demo/{name}_resnet18_1xb64-20e_digits.py'
    )
    settle(cfg, work_dir)
    cfg.train_cfg.max_epochs = epochs
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=64)
    cfg.model.queue_len = 128
    cfg.train_dataloader.batch_size = 32
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = list(
        range(0, 1500, 1500 // NUM_IMAGES)
    )[:NUM_IMAGES]
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.default_hooks.logger.interval = 1
    del cfg.default_hooks.knn_probe
    if hirl:
        kmeans = dict(num_prototypes=NUMS, start_epoch=1, num_restarts=2)
        cfg.default_hooks.kmeans.update(kmeans | hook)
    return cfg


def settle(cfg, work_dir):
    """Run alone and quietly in a folder, beside other runs of the process."""
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = uuid.uuid4().hex
    cfg.launcher = 'none'
    cfg.log_level = 'WARNING'


def run(cfg, *hooks):
    """Train, with hooks of a test added, and return the Runner."""
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook, priority='LOWEST')
    runner.train()
    return runner


def name_logs_apart():
    """Wait for the next second: MMEngine names a run's log by it."""
    time.sleep(1.01 - time.time() % 1)
