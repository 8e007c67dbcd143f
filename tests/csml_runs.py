"""Small trainings of CsMl on real images."""

from mmengine.config import Config
from mmengine.hooks import Hook

from tests.runs import ROOT, settle

NUM_IMAGES = 50
STEPS = 3  # per epoch
K = 4


def csml_config(digits, work_dir, *, name='csml', epochs=4, **hook):
    """One of the debug configs, with a narrow network on 50 digits.

    Args:
        digits: The data folder.
        work_dir: Where the run writes.
        name: First part of the config's name.
        epochs: Length of the run.
        **hook: Of the NeighborBankHook.
    """
    cfg = Config.fromfile(
        ROOT / f'configs/debug/{name}_resnet18_1xb128-4e_digits.py'
    )
    settle(cfg, work_dir)
    cfg.train_cfg.max_epochs = epochs
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=32)
    if 'queue_len' in cfg.model:
        cfg.model.queue_len = 64
    loader = cfg.train_dataloader
    loader.batch_size = 32
    loader.dataset.data_root = str(digits)
    loader.dataset.indices = list(range(0, 1500, 1500 // NUM_IMAGES))
    hooks = cfg.default_hooks
    hooks.neighbors.update(dict(k=K, interval=2) | hook)
    hooks.checkpoint.max_keep_ckpts = -1
    if 'kmeans' in hooks:
        hooks.kmeans.update(
            num_prototypes=(8, 4, 2), num_restarts=1, start_epoch=1
        )
    del hooks.knn_probe
    return cfg


class Pairs(Hook):
    """Images of every step, anchors and positives, by epoch."""

    def __init__(self):
        self.seen = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        numbers = [s.sample_idx for s in data_batch['data_samples']]
        size = runner.model.group_size
        groups = [numbers[i : i + size] for i in range(0, len(numbers), size)]
        self.seen.setdefault(runner.epoch, []).extend(groups)
