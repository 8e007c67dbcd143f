"""HIRL on several folders as one data set, with images that come again."""

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.hooks import Hook

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.features.dataset_features import dataset_features
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.engine.features.labelled_data import paths_of
from tests.built_images import build_images
from tests.runs import NUMS, run, settle, small_config

SIZES = 40, 24, 16
NUM = sum(SIZES)


def parts(dataset):
    """The same folder three times, with other images each time."""
    first = 0
    for size in SIZES:
        indices = [701 * i % 1500 for i in range(first, first + size)]
        yield dict(dataset, indices=indices)
        first += size


def wrapped(dataset):
    """64 images once and the last 16 twice, in two nested wrappers."""
    first, second, third = parts(dataset)
    inner = dict(
        type='ConcatDataset',
        datasets=[
            dict(
                type='ClassBalancedDataset', dataset=second, oversample_thr=0
            ),
            dict(type='RepeatDataset', dataset=third, times=2),
        ],
    )
    return dict(type='ConcatDataset', datasets=[first, inner])


class Seen(Hook):
    """What steps were given, and the tree of every epoch, built by hand."""

    def __init__(self):
        self.paths, self.rebuilt = {}, []

    def before_train_epoch(self, runner):
        if runner.model.tree is not None:
            self.rebuilt.append(features_by_hand(runner))

    def before_train_iter(self, runner, batch_idx, data_batch):
        for sample in data_batch['data_samples']:
            known = self.paths.setdefault(sample.sample_idx, sample.img_path)
            assert known == sample.img_path


@torch.no_grad()
def features_by_hand(runner):
    """Features of single images, in the order of the parts."""
    model, features = runner.model, []
    read = Compose(runner.cfg.default_hooks.kmeans.pipeline)
    model.eval()
    for info in distinct_images(runner.train_dataloader.dataset).infos():
        packed = read(info)
        batch = dict(
            inputs=packed['inputs'][None],
            data_samples=[packed['data_samples']],
        )
        images = model.data_preprocessor(batch)['inputs']
        features.append(model.encoder_k(images)[0])
    model.train()
    return torch.cat(features)


@pytest.fixture(scope='module', params=['faithful', 'bank'])
def trained(request, digits, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('run')
    cfg = small_config(
        digits, work_dir, mode=request.param, epochs=3, num_restarts=1
    )
    cfg.train_dataloader.dataset = wrapped(cfg.train_dataloader.dataset)
    cfg.train_dataloader.num_workers = 1
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root = str(digits)
    cfg.knn_gallery = wrapped(cfg.knn_gallery)
    cfg.knn_queries = dict(
        type='mmpretrain.RepeatDataset',
        dataset=dict(cfg.knn_queries, indices=40),
        times=3,
    )
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=cfg.knn_gallery,
        queries=cfg.knn_queries,
        interval=3,
        num_workers=0,
    )
    seen = Seen()
    return run(cfg, seen), seen, cfg


def test_steps_know_the_image_by_its_number(trained):
    runner, seen, _ = trained
    dataset = runner.train_dataloader.dataset
    assert len(dataset) == NUM + SIZES[-1]
    paths = paths_of(distinct_images(dataset))
    assert len(set(paths)) == len(paths) == NUM
    assert seen.paths == {i: paths[i] for i in seen.paths}
    assert len(seen.paths) > 0.9 * NUM


def test_tree_has_a_leaf_of_every_image(trained):
    runner, seen, cfg = trained
    tree = runner.model.tree
    dataset = runner.train_dataloader.dataset
    assert len(tree.leaf) == NUM and tree.is_complete
    members = [tree.members(0, k) for k in range(NUMS[0])]
    assert sorted(torch.cat(members).tolist()) == list(range(NUM))
    assert tree.data == data_identity(dataset)
    if cfg.default_hooks.kmeans.mode == 'faithful':
        by_hand = hierarchical_kmeans(seen.rebuilt[-1], NUMS, num_restarts=1)
        assert torch.equal(tree.leaf, by_hand.leaf)


def test_resume_keeps_the_tree(trained, tmp_path):
    runner, _, cfg = trained
    checkpoint = f'{runner.work_dir}/epoch_2.pth'
    again = cfg.copy()
    again.update(load_from=checkpoint, resume=True)
    settle(again, tmp_path)
    del again.default_hooks['knn_probe']
    stored = torch.load(checkpoint, weights_only=False)['prototype_tree']
    # With this interval no tree is due in the last epoch.
    again.default_hooks.kmeans.interval = 2
    resumed = run(again)
    assert resumed.epoch == 3
    assert torch.equal(resumed.model.tree.leaf, stored['leaf'])


def test_probe_and_evaluation_count_images_once(trained):
    _, _, cfg = trained
    gallery = build_images(cfg.knn_gallery)
    assert len(gallery) == NUM and len(build_images(cfg.knn_queries)) == 40
    runner, _, _ = trained
    evaluation = FrozenEvaluation(
        cfg, FrozenOptions((5,), ('100%',)), runner.model.tree
    )
    # The gallery reads the training images, in the same nesting.
    assert evaluation.tree is runner.model.tree
    _, labels, images = dataset_features(
        runner.model, cfg.knn_gallery, 'gallery', num_workers=0
    )
    assert len(labels) == len(images) == NUM
    folders = [path.split('/')[-2] for path in paths_of(images)]
    assert np.array_equal(labels.cpu(), np.array(folders, int))


def test_features_are_those_of_the_parts(trained):
    runner, _, cfg = trained
    first, inner = cfg.knn_gallery.datasets
    second, third = (part.dataset for part in inner.datasets)
    whole, *each = (
        dataset_features(runner.model, part, 'part', num_workers=0)[0]
        for part in (cfg.knn_gallery, first, second, third)
    )
    torch.testing.assert_close(whole, torch.cat(each))
