"""Balanced epochs in real trainings: drawn from the tree, and resumed."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from hirl_mm.hierarchy import draw_repeated
from tests.runs import ROOT, run, settle
from tests.step_hooks import Seeds

NUM_IMAGES, STEPS = 60, 3


class Seen(Hook):
    """Images of every step, and the tree, by epoch."""

    def __init__(self):
        self.samples, self.trees = {}, {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        numbers = [s.sample_idx for s in data_batch['data_samples']]
        self.samples.setdefault(runner.epoch, []).extend(numbers)
        self.trees[runner.epoch] = runner.model.tree


def balanced_config(digits, work_dir, plain=False):
    """A narrow network, whose first tree comes before the second epoch."""
    cfg = Config.fromfile(
        ROOT / 'configs/debug/hirl-mocov2-balanced_resnet18_1xb64-4e_digits.py'
    )
    settle(cfg, work_dir)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=32)
    cfg.model.queue_len = 40
    loader = cfg.train_dataloader
    loader.batch_size = 20
    loader.dataset.update(
        data_root=str(digits),
        indices=list(range(0, 1500, 1500 // NUM_IMAGES)),
    )
    hooks = cfg.default_hooks
    hooks.checkpoint.max_keep_ckpts = -1
    hooks.kmeans.update(
        num_prototypes=(8, 4, 2), num_restarts=1, start_epoch=1
    )
    del hooks.knn_probe
    cfg.train_cfg.max_epochs = 3
    return cfg


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    seen = Seen()
    cfg = balanced_config(digits, tmp_path_factory.mktemp('balanced'))
    return run(cfg, Seeds(), seen), seen


def test_epochs_are_drawn_from_the_tree_of_the_model(whole):
    runner, seen = whole
    assert sorted(seen.samples[0]) == list(range(NUM_IMAGES))
    sampler = runner.train_dataloader.sampler
    for epoch in (1, 2):
        tree = seen.trees[epoch]
        drawn = draw_repeated(
            tree.leaf,
            tree.parents,
            tree.num_prototypes,
            NUM_IMAGES,
            4,
            torch.Generator().manual_seed(sampler.seed + epoch),
        )
        assert seen.samples[epoch] == drawn.tolist()
        assert len(set(seen.samples[epoch])) < NUM_IMAGES
        # Each root gives as many, whatever its number of images is.
        sizes, taken = tree.sizes(2), tree.labels(2)[drawn].bincount()
        assert 4 * sizes.min() >= NUM_IMAGES / 2
        assert taken.tolist() == [NUM_IMAGES / 2] * 2


class Stop(Hook):
    def after_train_epoch(self, runner):
        if runner.epoch == 1:
            raise KeyboardInterrupt


def test_a_resumed_run_is_the_uninterrupted_one(whole, digits, tmp_path):
    runner, seen = whole
    with pytest.raises(KeyboardInterrupt):
        run(balanced_config(digits, tmp_path), Seeds(), Stop())
    cfg = balanced_config(digits, tmp_path)
    cfg.resume = True
    again = Seen()
    resumed = run(cfg, Seeds(), again)
    assert resumed.iter == runner.iter == 3 * STEPS
    assert again.samples == {2: seen.samples[2]}
    expected = runner.model.state_dict()
    for name, value in resumed.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


def no_hook(cfg):
    del cfg.default_hooks['tree_sampling']


def plain_sampler(cfg):
    cfg.train_dataloader.sampler = dict(type='DefaultSampler', shuffle=True)


def no_tree(cfg):
    cfg.model.type = 'MoCo'
    del cfg.model['spd_head'], cfg.default_hooks['kmeans']


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (no_hook, 'gets no tree: add tree_sampling='),
        (plain_sampler, 'has a DefaultSampler: set train_dataloader.sampler'),
        (no_tree, 'the model is a MoCo: train with HIRL'),
    ],
)
def test_what_does_not_fit_is_said_before_the_first_step(
    change, text, digits, tmp_path
):
    seen = Seen()
    cfg = balanced_config(digits, tmp_path)
    change(cfg)
    with pytest.raises(ValueError, match=text):
        run(cfg, seen)
    assert not seen.samples
