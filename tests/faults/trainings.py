"""Small trainings of all kinds, in processes that can be killed."""

import multiprocessing
import os
import sys
from pathlib import Path

import torch
from mmengine.config import Config

from tests.processes import HANGS_AFTER
from tests.runs import ROOT
from tests.tool_process import run_file

EPOCHS = 4
STEPS = 4
# Method, number of images per sample of the loader, and options.
KINDS = {
    'mocov2': ('hirl-mocov2_resnet18_1xb64-4e_digits', {}),
    'mocov2-bank': (
        'hirl-mocov2_resnet18_1xb64-4e_digits',
        {'default_hooks.kmeans.mode': 'bank'},
    ),
    'mocov2-steps': (
        'hirl-mocov2_resnet18_1xb64-4e_digits',
        {
            'default_hooks.checkpoint.by_epoch': False,
            'default_hooks.checkpoint.interval': 3,
            'train_dataloader.num_workers': 2,
        },
    ),
    'mocov2-accumulating-steps': (
        'hirl-mocov2_resnet18_1xb64-4e_digits',
        {
            'default_hooks.checkpoint.by_epoch': False,
            'default_hooks.checkpoint.interval': 3,
            'optim_wrapper.accumulative_counts': 2,
        },
    ),
    'mocov2-bank-steps': (
        'hirl-mocov2_resnet18_1xb64-4e_digits',
        {
            'default_hooks.kmeans.mode': 'bank',
            'default_hooks.checkpoint.by_epoch': False,
            'default_hooks.checkpoint.interval': 3,
        },
    ),
    'swav': ('hirl-swav_resnet18_1xb64-mcrop-4e_digits', {}),
    'dino': ('hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits', {}),
    'dino-bank': (
        'hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits',
        {'default_hooks.kmeans.mode': 'bank'},
    ),
    'ibot': ('hirl-ibot_vit-4x64-p8_1xb64-mcrop-4e_digits', {}),
    'csml': ('hirl-csml_resnet18_1xb128-4e_digits', {}),
}


def write_config(kind, digits, path, num=16 * STEPS):
    """A debug config on a few images, with one checkpoint at a time."""
    name, options = KINDS[kind]
    cfg = Config.fromfile(ROOT / f'configs/debug/{name}.py')
    if cfg.model.backbone.type == 'ResNet':
        cfg.model.backbone.update(base_channels=8, stem_channels=8)
        cfg.model.neck.in_channels //= 4
    cfg.train_dataloader.batch_size = 16
    if 'queue_len' in cfg.model:
        cfg.model.queue_len = 64
    indices = [i * 1500 // num for i in range(num)]
    cfg.train_dataloader.dataset.update(data_root=str(digits), indices=indices)
    cfg.default_hooks.pop('knn_probe', None)
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=1)
    cfg.default_hooks.kmeans.update(num_prototypes=(12, 4, 2))
    cfg.randomness = dict(seed=0)
    cfg.merge_from_dict(options)
    cfg.dump(path)
    return path


def train(config, work_dir, events='', fatal=-1, seconds=None):
    """Start or resume a training in a process of its own, and wait for it.

    Args:
        config: Config of :func:`write_config`.
        work_dir: Work folder.
        events: File that gets the names of events, see :mod:`.events`.
        fatal: Number of the event that kills the process; -1 for none.
        seconds: Time after which it is killed; None for never.

    Returns:
        Exit status; -9 of a process that was killed.
    """
    process = multiprocessing.get_context('forkserver').Process(
        target=_train, args=(str(config), str(work_dir), str(events), fatal)
    )
    process.start()
    process.join(HANGS_AFTER if seconds is None else seconds)
    if seconds is None:
        assert process.exitcode is not None, 'the training hangs'
    process.kill()
    process.join()
    return process.exitcode


def _train(config, work_dir, events, fatal):
    os.chdir(ROOT)
    torch.set_num_threads(1)
    Path(work_dir).parent.mkdir(parents=True, exist_ok=True)
    log = os.open(f'{work_dir}.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if events:
        from .events import Events

        Events(events, fatal).watch()
    sys.argv = ['train.py', config, '--work-dir', work_dir, '--resume']
    run_file(ROOT / 'tools/train.py')
