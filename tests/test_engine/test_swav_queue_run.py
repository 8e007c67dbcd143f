"""SwAV's queue through a Runner: by epoch, and on from a checkpoint."""

import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.runs import ROOT, run, settle


class Watch(Hook):
    """The queue before the first iteration and after every epoch."""

    def __init__(self):
        self.seen = []

    def before_train(self, runner):
        self._look(runner)

    def after_train_epoch(self, runner):
        self._look(runner)

    def _look(self, runner):
        queue = runner.model.head.loss_module.queue
        self.seen.append((queue.full, queue.rows.clone()))


def config(digits, work_dir, epochs):
    cfg = Config.fromfile(
        ROOT / 'configs/debug/swav_resnet18_1xb64-mcrop-4e_digits.py'
    )
    settle(cfg, work_dir)
    cfg.train_cfg.max_epochs = epochs
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=32)
    cfg.model.head.loss.queue_length = 96
    cfg.train_dataloader.batch_size = 32
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = list(range(0, 1500, 22))
    del cfg.default_hooks.knn_probe
    return cfg


def test_queue_waits_for_its_epoch_and_goes_on(digits, tmp_path):
    """Two steps an epoch: full after the third one from epoch 1 on."""
    watch = Watch()
    run(config(digits, tmp_path, epochs=3), watch)
    assert [full for full, _ in watch.seen] == [False, False, False, True]
    filled = [rows.any(2).sum().item() for _, rows in watch.seen]
    assert filled == [0, 0, 2 * 64, 2 * 96]

    cfg = config(digits, tmp_path, epochs=4)
    cfg.resume = True
    again = Watch()
    run(cfg, again)
    full, rows = again.seen[0]
    assert full and torch.equal(rows, watch.seen[-1][1])
    assert torch.equal(again.seen[1][1][:, 64:], rows[:, :32])
