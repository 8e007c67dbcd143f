"""A run that stops and goes on equals one that never stopped, to the bit."""

import copy
import inspect
import random
from contextlib import suppress

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import Dataset

from tests.tiny_runs import tiny_config


@DATASETS.register_module()
class RandomNumbers(Dataset):
    """Samples that draw from all three generators of their process."""

    read = []

    def __init__(self, num):
        self.num = num

    def __len__(self):
        return self.num

    def __getitem__(self, index):
        self.read.append(index)
        drawn = random.random(), np.random.rand(), float(torch.rand(()))
        return dict(inputs=torch.tensor([float(index), *drawn]))


@MODELS.register_module()
class RandomWeights(BaseModel):
    """A layer with dropout, and noise from the other generators."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, inputs, mode='loss'):
        self.seen = dict(inputs=torch.stack(inputs).tolist())
        dropped = nn.functional.dropout(torch.stack(inputs), 0.5)
        noise = random.random() + np.random.rand()
        return dict(loss=(self.layer(dropped) - noise).square().mean())


class Seen(Hook):
    """What every step has seen, by its iteration, and the weight after it."""

    priority = 'LOWEST'

    def __init__(self):
        self.steps = {}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.steps[runner.iter] = dict(
            runner.model.seen,
            batch_idx=batch_idx,
            loss=outputs['loss'].item(),
            weight=runner.model.layer.weight.tolist(),
        )


class Cut(Hook):
    """Stop after a number of iterations, as a lost process does."""

    priority = 'LOWEST'

    def __init__(self, after):
        self.after = after

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        if runner.iter + 1 == self.after:
            raise KeyboardInterrupt


def steps_of(work_dir, *hooks, **options):
    """What every step of a run sees, also of one that a hook cuts off."""
    cfg = tiny_config(
        work_dir,
        8,
        model__type='mmengine.RandomWeights',
        train_dataloader__dataset__type='mmengine.RandomNumbers',
        **copy.deepcopy(options),
    )
    seen = Seen()
    runner = Runner.from_cfg(cfg)
    for hook in (seen, *hooks):
        runner.register_hook(hook)
    with suppress(KeyboardInterrupt):
        runner.train()
    # A run that was cut off ends its workers, too, and does not leave them to
    # the garbage collector, which waits for each until a timeout.
    runner.call_hook('after_run')
    runner.train_dataloader._iterator = None
    return seen.steps


WORKERS = {
    'none': {},
    'two': dict(train_dataloader__num_workers=2),
    'persistent': dict(
        train_dataloader__num_workers=2,
        train_dataloader__persistent_workers=True,
    ),
}


def check(whole, folder, cut, begin, **options):
    """A run that is cut off goes on as the whole one, from ``begin`` on."""
    first = steps_of(folder, Cut(cut), **options)
    again = steps_of(folder, resume=True, **options)
    assert list(first) == list(range(cut))
    assert list(again) == list(range(begin, len(whole)))
    for steps in first, again:
        assert steps == {number: whole[number] for number in steps}


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """Six epochs of three steps, without workers."""
    steps = steps_of(tmp_path_factory.mktemp('whole'))
    assert [step['batch_idx'] for step in steps.values()] == [0, 1, 2] * 6
    # Every epoch draws other numbers for an image, and so does every step.
    drawn = [row[1:] for step in steps.values() for row in step['inputs']]
    assert len({tuple(row) for row in drawn}) == 6 * 24
    assert len({number for row in drawn for number in row}) == 6 * 24 * 3
    return steps


@pytest.mark.parametrize('workers', WORKERS)
def test_cut_off_inside_an_epoch(whole, tmp_path, workers):
    check(whole, tmp_path, cut=8, begin=6, **WORKERS[workers])


BY_STEP = dict(
    default_hooks__checkpoint__by_epoch=False,
    default_hooks__checkpoint__interval=1,
)


@pytest.mark.parametrize(('workers', 'cut'), [('none', 7), ('two', 8)])
def test_checkpoint_inside_an_epoch(whole, tmp_path, workers, cut):
    check(whole, tmp_path, cut, cut, **BY_STEP, **WORKERS[workers])


def test_checkpoint_of_the_last_step_of_an_epoch(whole, tmp_path):
    check(whole, tmp_path, 9, 9, **BY_STEP)


def iterations(sampler):
    schedule = dict(type='CosineAnnealingLR', by_epoch=False)
    return BY_STEP | dict(
        train_dataloader__sampler__type=sampler,
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=8, _delete_=True),
        param_scheduler=[dict(schedule, T_max=8, end=8)],
    )


@pytest.mark.parametrize('sampler', ['InfiniteSampler', 'DefaultSampler'])
@pytest.mark.parametrize('workers', WORKERS)
def test_training_that_counts_iterations(tmp_path, sampler, workers):
    """With the default sampler, iteration 5 is in the second epoch."""
    options = iterations(sampler)
    whole = steps_of(tmp_path / 'whole', **options)
    assert list(whole) == list(range(8))
    again = tmp_path / 'again'
    check(whole, again, 5, 5, **options, **WORKERS[workers])


@pytest.mark.skipif(
    'fast_forward_on_resume'
    not in inspect.signature(IterBasedTrainLoop).parameters,
    reason="only the fork's loop has the option",
)
def test_loop_that_asks_for_no_batch_again(tmp_path):
    options = iterations('InfiniteSampler')
    options['train_cfg']['fast_forward_on_resume'] = True
    whole = steps_of(tmp_path / 'whole', **options)
    check(whole, tmp_path / 'again', 5, 5, **options)


def test_no_image_is_read_that_was_trained_on(tmp_path):
    options = iterations('InfiniteSampler')
    steps_of(tmp_path, Cut(5), **options)
    RandomNumbers.read.clear()
    steps_of(tmp_path, resume=True, **options)
    assert len(RandomNumbers.read) == 3 * 8


@pytest.mark.parametrize('diff_rank_seed', [False, True])
def test_seed_that_the_run_has_drawn(tmp_path, diff_rank_seed):
    """It is in the checkpoint, and so is the order of the images."""
    drawn = dict(seed=None, diff_rank_seed=diff_rank_seed)
    options = dict(randomness=drawn)
    first = steps_of(tmp_path, **options)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_2.pth'))
    again = steps_of(tmp_path, resume=True, **options)
    assert again == {number: first[number] for number in range(6, 18)}
    other = steps_of(tmp_path / 'other', **options)
    assert other[0]['inputs'] != first[0]['inputs']
