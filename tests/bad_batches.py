"""Runs that meet a broken batch, and runs that never see it."""

import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.runs import ROOT, settle, small_config


class Break(Hook):
    """Make the images of some iterations NaN, counted from 1."""

    def __init__(self, *iterations, value=float('nan')):
        self.iterations = iterations
        self.value = value

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 in self.iterations:
            views = data_batch['inputs']
            data_batch['inputs'] = [
                torch.full_like(view.float(), self.value) for view in views
            ]


class Leave(Hook):
    """Never show some iterations, counted from 1, to the model."""

    def __init__(self, *iterations):
        self.iterations = iterations

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 in self.iterations:
            runner.model.train_step = lambda *args, **kwargs: {}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        runner.model.__dict__.pop('train_step', None)


def moco(digits, work_dir, **options):
    cfg = small_config(digits, work_dir, **options)
    del cfg.default_hooks.throughput
    return cfg


def dino(digits, work_dir, epochs=2):
    cfg = Config.fromfile(
        ROOT / 'configs/debug/dino_vit-4x64-p8_1xb64-mcrop-4e_digits.py'
    )
    cfg.model.backbone.arch.update(num_layers=2, feedforward_channels=64)
    cfg.optim_wrapper.optimizer.lr = 1e-2
    return _small(cfg, digits, work_dir, epochs)


def swav(digits, work_dir, epochs=2):
    cfg = Config.fromfile(
        ROOT / 'configs/debug/swav_resnet18_1xb64-mcrop-4e_digits.py'
    )
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=32)
    cfg.model.head.loss.update(queue_length=32, queue_start_epoch=0)
    return _small(cfg, digits, work_dir, epochs)


def _small(cfg, digits, work_dir, epochs):
    settle(cfg, work_dir)
    cfg.train_cfg.max_epochs = epochs
    cfg.train_dataloader.batch_size = 16
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = list(range(0, 1500, 30))
    del cfg.default_hooks.knn_probe
    # It puts itself in the place where Leave puts itself.
    del cfg.default_hooks.throughput
    return cfg


def different(runner, other):
    """Names of what differs: weights, buffers, state of the optimizer."""
    models = runner.model.state_dict(), other.model.state_dict()
    optimizers = [
        dict(_leaves(r.optim_wrapper.optimizer.state_dict()['state']))
        for r in (runner, other)
    ]
    return [
        name
        for ours, theirs in (models, optimizers)
        for name in ours.keys() | theirs.keys()
        if not torch.equal(ours[name], theirs[name])
    ]


def _leaves(value, name=''):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f'{name}.{key}')
    elif value is not None:
        yield name, torch.as_tensor(value)


def told(work_dir):
    """What a run has said about bad batches in its log."""
    (log,) = work_dir.glob('*/*.log')
    lines = log.read_text().splitlines()
    said = [line.partition(' - WARNING - ')[2] for line in lines]
    return [line for line in said if 'bad batches in a row' in line]
