"""Runs that go on with other numbers of processes."""

import pytest
import torch

from hirl_mm.structures import PrototypeTree
from tests.tool_process import launch_tool

from .trainings import write_config

# The queues hold whole steps of 8, 16 and 24 images.
IMAGES = 48
MOCO = 'queue', 'model.queue_len=48'
SWAV = 'head.loss_module.queue.rows', 'model.head.loss.queue_length=96'


def go_on(config, work_dir, num, epochs, options):
    """Train up to an epoch in some processes, and return the log."""
    run = launch_tool(
        *(num, 'train', config, '--work-dir', work_dir, '--resume'),
        *('--cfg-options', f'train_cfg.max_epochs={epochs}'),
        *('train_dataloader.batch_size=8', 'log_level=INFO'),
        *('default_hooks.kmeans.start_epoch=1', *options),
    )
    assert run.returncode == 0, run.stdout[-3000:]
    return run.stdout


def state_of(work_dir, epoch):
    file = work_dir / f'epoch_{epoch}.pth'
    return torch.load(file, weights_only=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('kind', 'shared', 'options'),
    [
        ('mocov2', MOCO[0], MOCO[1:]),
        ('swav', SWAV[0], SWAV[1:]),
        ('dino', 'head.center', ()),
        ('mocov2-bank', MOCO[0], MOCO[1:]),
    ],
)
def test_two_then_one_then_three(kind, shared, options, digits, tmp_path):
    config = write_config(kind, digits, tmp_path / 'config.py', IMAGES)
    work_dir = tmp_path / 'run'
    go_on(config, work_dir, 2, 2, options)
    for num, epoch in ((1, 3), (3, 4)):
        before = state_of(work_dir, epoch - 1)
        log = go_on(config, work_dir, num, epoch, options)
        lines = [x for x in log.splitlines() if 'position of the run' in x]
        assert len(lines) == 1
        after = state_of(work_dir, epoch)
        assert after['meta']['iter'] == epoch * IMAGES // (8 * num)
        assert after['state_dict'][shared].isfinite().all()
        old, new = (
            PrototypeTree.from_state_dict(state['prototype_tree'])
            for state in (before, after)
        )
        assert len(new.leaf) == len(old.leaf) == IMAGES
        assert not torch.equal(new.centroids[0], old.centroids[0])
