"""A hook for neighbours, on the base that the hook for trees stands on."""

import re

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.registry import DATA_SAMPLERS
from mmengine.runner import Runner

from hirl_mm.engine.features.feature_pass import whole_backbone_features
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.engine.hooks import FeaturePassHook
from hirl_mm.features.neighbors import top_k_neighbors
from tests.runs import NUM_IMAGES, small_config

PIPELINE = [dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')]


@DATA_SAMPLERS.register_module(force=True)
class NeighborSampler(DefaultSampler):
    """Half of the images, each before its nearest neighbour."""

    neighbors = None

    def __iter__(self):
        for idx in list(super().__iter__())[: len(self) // 2]:
            yield from (
                idx,
                idx if self.neighbors is None else self.after(idx),
            )

    def after(self, idx):
        return int(self.neighbors[idx])


class NeighborHook(FeaturePassHook):
    """The nearest neighbour of every training image, for the sampler."""

    state_key = 'neighbors'

    def __init__(self, **options):
        super().__init__(pipeline=PIPELINE, num_workers=0, **options)
        self.passes, self.used = [], {}

    def sampler(self, runner):
        return runner.train_dataloader.sampler

    def refresh(self, runner, epoch):
        self.passes.append(epoch)
        features = whole_backbone_features(runner.model, self.loader, 'all')
        _, nearest = top_k_neighbors(features, features, k=2)
        self.sampler(runner).neighbors = nearest[:, 1].cpu()

    def has_result(self, runner):
        return self.sampler(runner).neighbors is not None

    def result_state(self, runner):
        return dict(nearest=self.sampler(runner).neighbors)

    def take_state(self, runner, state):
        nearest = None if state is None else state['nearest']
        self.sampler(runner).neighbors = nearest

    def misfit(self, state):
        found, wanted = len(state['nearest']), len(self.loader.dataset)
        if found != wanted:
            return f'neighbors of {found} images, this run has {wanted}'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.used[runner.epoch] = self.sampler(runner).neighbors


def train(
    digits, work_dir, *, change=None, epochs=6, checkpoint='', **options
):
    """Trees from the second epoch on, neighbours every second from the third.

    Returns:
        The hook, the Runner and the log.
    """
    cfg = small_config(digits, work_dir, epochs=epochs)
    cfg.log_level = 'INFO'
    cfg.train_dataloader.sampler = dict(type='NeighborSampler', shuffle=True)
    if checkpoint:
        cfg.resume, cfg.load_from = True, str(checkpoint)
    if change is not None:
        change(cfg)
    runner = Runner.from_cfg(cfg)
    hook = NeighborHook(**dict(start_epoch=2, interval=2) | options)
    runner.register_hook(hook)
    runner.train()
    (log,) = work_dir.glob('*/*.log')
    return hook, runner, log.read_text()


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('neighbors')
    return *train(digits, work_dir), work_dir


def stored(work_dir, epoch):
    path = work_dir / f'epoch_{epoch}.pth'
    return torch.load(path, weights_only=False)


def test_passes_come_when_they_are_due(whole):
    hook = whole[0]
    assert hook.passes == [2, 4]
    assert hook.used[0] is hook.used[1] is None
    assert hook.used[2] is hook.used[3] is not hook.used[4]
    assert hook.used[4] is hook.used[5]


def test_result_travels_with_the_identity_of_its_images(whole):
    hook, runner, _, work_dir = whole
    identity = data_identity(runner.train_dataloader.dataset)
    assert 'neighbors' not in stored(work_dir, 2)
    for epoch in (3, 4, 5, 6):
        state = stored(work_dir, epoch)['neighbors']
        assert torch.equal(state['nearest'], hook.used[epoch - 1])
        assert state['data'] == identity == hook.data
    assert len(identity) == 64


def test_two_hooks_keep_their_results_apart(whole):
    hook, runner, _, work_dir = whole
    checkpoint = stored(work_dir, 6)
    assert checkpoint['prototype_tree']['data'] == hook.data
    assert set(checkpoint['neighbors']) == {'data', 'nearest'}
    assert len(runner.model.tree.leaf) == NUM_IMAGES


def test_resumed_run_goes_on_with_the_stored_result(whole, digits, tmp_path):
    """Until the next pass."""
    resumed, _, log = train(
        digits, tmp_path, epochs=5, checkpoint=whole[3] / 'epoch_3.pth'
    )
    assert resumed.passes == [4]
    assert torch.equal(resumed.used[3], whole[0].used[3])
    assert not torch.equal(resumed.used[4], resumed.used[3])
    assert 'building anew' not in log and 'cannot check' not in log


def turn(cfg):
    cfg.train_dataloader.dataset.indices.reverse()


def shorten(cfg):
    cfg.train_dataloader.dataset.indices = list(range(64))


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (turn, 'a neighbors of other images .* in another order'),
        (shorten, 'neighbors of 96 images, this run has 64'),
    ],
)
def test_result_of_other_images_is_made_anew(
    change, reason, whole, digits, tmp_path
):
    checkpoint = whole[3] / 'epoch_3.pth'
    hook, _, log = train(
        digits, tmp_path, change=change, epochs=4, checkpoint=checkpoint
    )
    assert hook.passes == [3]
    (line,) = [x for x in log.splitlines() if 'holds' in x and 'neighb' in x]
    assert re.search(reason, line)
    assert 'WARNING' in line and line.endswith(': building anew')


def test_resume_before_the_first_pass_begins_without(whole, digits, tmp_path):
    """A checkpoint of a later stage does not bring its result there."""
    hook, _, _ = train(
        digits,
        tmp_path,
        epochs=5,
        checkpoint=whole[3] / 'epoch_3.pth',
        start_epoch=4,
    )
    assert hook.used[3] is None
    assert hook.passes == [4]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(start_epoch=-1), 'at least 0 .* got -1 and 2'),
        (dict(interval=0), 'interval at least 1, got 2 and 0'),
        (dict(start_epoch=6), 'of NeighborHook is never reached.*epochs=6'),
    ],
)
def test_schedules_that_make_no_sense(options, message, digits, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(digits, tmp_path, **options)


def test_loop_that_counts_no_epochs(digits, tmp_path):
    def change(cfg):
        del cfg.default_hooks.kmeans
        cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=4)

    with pytest.raises(ValueError, match='NeighborHook .* before epochs and'):
        train(digits, tmp_path, change=change)
