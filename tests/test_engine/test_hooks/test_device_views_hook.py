"""Trainings whose views are made on the device."""

import threading

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.runtime.device_views import place_views
from tests.device_recipes import moco_on_digits
from tests.runs import run


class Views(Hook):
    """First views of every step, as the model gets them."""

    def __init__(self):
        self.seen = []

    def before_train(self, runner):
        model = runner.model
        preprocess = model.data_preprocessor.forward

        def keep(data, training=False):
            out = preprocess(data, training)
            if training:
                self.seen.append(torch.stack(out['inputs']))
            return out

        model.data_preprocessor.forward = keep


def train(digits, work_dir, **options):
    epochs = options.pop('epochs', 2)
    hirl = epochs > 1
    cfg = moco_on_digits(digits, work_dir, epochs=epochs, hirl=hirl)
    cfg.merge_from_dict(options)
    place_views(cfg)
    views = Views()
    return run(cfg, views), views.seen


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    """A training of two epochs of three steps, with its checkpoints."""
    folder = tmp_path_factory.mktemp('whole')
    return train(digits, folder), folder


def test_training_with_a_tree(whole):
    (runner, views), _ = whole
    assert len(views) == 6 and views[0].shape == (2, 32, 3, 32, 32)
    assert runner.model.tree is not None
    assert runner.model.data_preprocessor.num_batches == 6
    differ = [not torch.equal(one, views[0]) for one in views[1:]]
    assert all(differ)


def test_a_resumed_run_goes_on_with_its_views(whole, digits, tmp_path):
    (_, expected), folder = whole
    _, views = train(
        digits,
        tmp_path,
        resume=True,
        load_from=str(folder / 'epoch_1.pth'),
    )
    assert len(views) == 3
    for one, other in zip(views, expected[3:], strict=True):
        assert torch.equal(one, other)


def test_number_of_workers_does_not_matter(whole, digits, tmp_path):
    (_, expected), _ = whole
    _, views = train(
        digits, tmp_path, epochs=1, **{'train_dataloader.num_workers': 2}
    )
    for one, other in zip(views, expected[:3], strict=True):
        assert torch.equal(one, other)


class Threads(Hook):
    """Whether batches were being made ahead, in every step."""

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen.append(preparing())


def preparing():
    return [t for t in threading.enumerate() if t.name.startswith('prepare')]


def train_by_iterations(digits, work_dir, num_workers, **options):
    cfg = moco_on_digits(digits, work_dir, hirl=False)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=6)
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint.update(by_epoch=False, interval=3)
    cfg.train_dataloader.sampler = dict(type='InfiniteSampler')
    cfg.train_dataloader.num_workers = num_workers
    cfg.merge_from_dict(options)
    place_views(cfg)
    views, threads = Views(), Threads()
    runner = run(cfg, views, threads)
    assert not preparing()
    assert runner.model.data_preprocessor.num_batches >= 6
    return views.seen, [len(seen) for seen in threads.seen]


def test_a_training_that_counts_iterations(digits, tmp_path):
    """Views are made ahead after the first step, and nothing else changes."""
    folders = [tmp_path / name for name in ('alone', 'ahead', 'resumed')]
    expected, ahead = train_by_iterations(digits, folders[0], 0)
    assert len(expected) == 6 and not any(ahead)
    views, ahead = train_by_iterations(digits, folders[1], 2)
    assert ahead == [0, 1, 1, 1, 1, 1]
    checkpoint = str(folders[1] / 'iter_3.pth')
    after, ahead = train_by_iterations(
        digits, folders[2], 2, resume=True, load_from=checkpoint
    )
    assert ahead == [0, 1, 1]
    for one, other in zip(views + after, expected + expected[3:], strict=True):
        assert torch.equal(one, other)


def test_a_training_that_counts_epochs_makes_views_ahead(digits, tmp_path):
    cfg = moco_on_digits(digits, tmp_path, hirl=False, epochs=1)
    cfg.train_dataloader.num_workers = 1
    place_views(cfg)
    threads = Threads()
    runner = run(cfg, threads)
    assert threads.seen[0]
    assert not preparing()
    assert isinstance(runner.train_loop.dataloader, DataLoader)


def test_model_that_makes_no_views(digits, tmp_path):
    cfg = moco_on_digits(digits, tmp_path, views='cpu', hirl=False)
    cfg.default_hooks.device_views = dict(type='hirl_mm.DeviceViewsHook')
    with pytest.raises(ValueError, match=r"SelfSup.*: set views='device' in"):
        Runner.from_cfg(cfg).train()


def test_program_that_does_not_place_the_views(digits, tmp_path):
    cfg = moco_on_digits(digits, tmp_path, hirl=False)
    with pytest.raises(StartError, match=r"views='device', but workers make"):
        Runner.from_cfg(cfg).train()
