"""Runs of a model with one weight, to watch what a Runner does around it."""

import uuid

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS
from mmengine.runner import Runner
from mmpretrain.models.utils import CosineEMA
from torch import nn
from torch.utils.data import Dataset

import hirl_mm.registry  # noqa: F401
from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from hirl_mm.models.modules import current_epoch, done_share, momentum_at
from hirl_mm.models.modules.teacher_temperature import teacher_temperature


@DATASETS.register_module()
class Numbers(Dataset):
    """The numbers from 0 to ``num - 1``."""

    def __init__(self, num):
        self.num = num

    def __len__(self):
        return self.num

    def __getitem__(self, index):
        return dict(inputs=torch.tensor([float(index)]))


@MODELS.register_module()
class OneWeight(BaseModel):
    """A weight with a moving average, and the schedules of DINO's teacher."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.average = CosineEMA(self.layer, momentum=0.1)

    def forward(self, inputs, mode='loss'):
        if mode == 'tensor':
            return self.layer(torch.stack(inputs))
        self.seen = dict(
            average=int(self.average.steps),
            temperature=teacher_temperature(current_epoch(), 0.1, 0.9, 6),
            momentum=momentum_at(done_share(), 0.9),
        )
        self.average.update_parameters(self.layer)
        return dict(loss=self.layer(torch.stack(inputs)).square().mean())


class Watch(Hook):
    """Schedules in every iteration, by the share of the training."""

    priority = 'LOWEST'

    def __init__(self):
        self.values = {}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        if runner._train_loop.max_epochs > 1:
            length = len(runner.train_dataloader)
            done = runner.epoch + batch_idx / length
        else:
            done = runner.iter
        group = runner.optim_wrapper.param_groups[0]
        self.values[round(done, 6)] = dict(
            runner.model.seen,
            iter=runner.iter,
            lr=self.lr,
            decay=group['weight_decay'],
            first_beta=self.beta,
            max_iters=runner.message_hub.get_info('max_iters'),
        )

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        group = runner.optim_wrapper.param_groups[0]
        self.lr, self.beta = group['lr'], group['betas'][0]

    def after_train(self, runner):
        self.eta = runner.message_hub.get_info('eta')


EPOCHS = 6
SCHEDULES = [
    dict(type='LinearLR', start_factor=0.1, end=2, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=2,
        end=EPOCHS,
        T_max=EPOCHS - 2,
        convert_to_iter_based=True,
    ),
    dict(type='MultiStepLR', milestones=[3, 5], gamma=0.5),
    dict(
        type='CosineAnnealingParamScheduler',
        param_name='weight_decay',
        eta_min=0.4,
        T_max=EPOCHS,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingMomentum',
        eta_min=0.5,
        T_max=EPOCHS,
        convert_to_iter_based=True,
    ),
]


def tiny_config(work_dir, batch_size, num=24, **options):
    """A training of six epochs.

    Args:
        work_dir: Where the run writes.
        batch_size: Images per step.
        num: Number of images.
        **options: Of the config, with ``__`` for dots.
    """
    cfg = Config(
        dict(
            default_scope='mmpretrain',
            model=dict(type='mmengine.OneWeight'),
            train_dataloader=dict(
                batch_size=batch_size,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
                dataset=dict(type='mmengine.Numbers', num=num),
            ),
            train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=EPOCHS),
            optim_wrapper=dict(
                type='OptimWrapper',
                optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.04),
            ),
            param_scheduler=[dict(schedule) for schedule in SCHEDULES],
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', interval=1)
            ),
            randomness=dict(seed=0),
            work_dir=str(work_dir),
            experiment_name=uuid.uuid4().hex,
            log_level='WARNING',
        )
    )
    add_standard_hooks(cfg, training=True)
    cfg.merge_from_dict(
        {name.replace('__', '.'): value for name, value in options.items()}
    )
    return cfg


def tiny_run(cfg, *hooks):
    """Train; return the Runner and the values of all iterations."""
    watch = Watch()
    runner = Runner.from_cfg(cfg)
    for hook in (watch, *hooks):
        runner.register_hook(hook)
    runner.train()
    return runner, watch.values


class Stop(Hook):
    """Stop the training after a number of epochs."""

    def __init__(self, after):
        self.after = after

    def after_train_epoch(self, runner):
        if runner.epoch + 1 == self.after:
            runner.train_loop.stop_training = True
