"""Files that hold no image, where the user asked to leave them out."""

import shutil

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import MMLogger

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.dataset_features import dataset_features
from hirl_mm.engine.features.feature_pass import (
    FeaturePassError,
    feature_loader,
    feature_pass,
)
from hirl_mm.engine.features.labelled_data import paths_of
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.structures import NO_LEAF
from tests.runs import NUM_IMAGES, NUMS, run, small_config

BROKEN = [0, 40, 95]
PRESENT = [i for i in range(NUM_IMAGES) if i not in BROKEN]
LOAD = dict(type='hirl_mm.LoadImage', ignore_empty=True)


class Seen(Hook):
    """Indices of the samples of all steps, and features of the last tree."""

    def __init__(self):
        self.steps, self.features = [], None

    def before_train_iter(self, runner, batch_idx, data_batch):
        self.steps += [s.sample_idx for s in data_batch['data_samples']]

    def before_train_epoch(self, runner):
        if runner.model.tree is not None:
            (hook,) = (h for h in runner.hooks if hasattr(h, 'loader'))
            args = runner.model, runner.model.extract_z0, hook.loader, 'test'
            self.features = feature_pass(*args)


@pytest.fixture(scope='module')
def broken(digits, tmp_path_factory):
    """The digits, with three broken files among the training images."""
    root = tmp_path_factory.mktemp('data') / 'digits'
    shutil.copytree(digits, root)
    cfg = small_config(root, 'nowhere')
    images = cfg.train_dataloader.dataset
    files = sorted((root / images.data_prefix).glob('*/*'))
    for number, idx in enumerate(BROKEN):
        content = b'no image' * (number % 2)
        files[images.indices[idx]].write_bytes(content)
    return root


def config(root, work_dir, **hook):
    cfg = small_config(root, work_dir, **hook)
    train = cfg.train_dataloader.dataset
    train.pipeline[0] = cfg.default_hooks.kmeans.pipeline[0] = LOAD
    pipeline = [LOAD, dict(type='PackInputs')]
    cfg.knn_gallery = dict(train, pipeline=pipeline)
    cfg.knn_queries = dict(cfg.knn_gallery)
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=cfg.knn_gallery,
        queries=cfg.knn_queries,
        k=5,
        interval=5,
        num_workers=0,
    )
    return cfg


@pytest.fixture(scope='module', params=['faithful', 'bank'])
def trained(request, broken, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('run')
    cfg = config(broken, work_dir, mode=request.param, epochs=3)
    seen = Seen()
    runner = run(cfg, seen)
    (log,) = work_dir.glob('*/*.log')
    return runner, seen, cfg, log.read_text()


def test_tree_leaves_them_out(trained):
    runner, seen, cfg, _ = trained
    tree = runner.model.tree
    assert len(tree.leaf) == NUM_IMAGES and not tree.is_complete
    assert (tree.leaf == NO_LEAF).nonzero()[:, 0].tolist() == BROKEN
    members = [tree.members(2, k) for k in range(NUMS[2])]
    assert sorted(torch.cat(members).tolist()) == PRESENT
    if cfg.default_hooks.kmeans.mode == 'faithful':
        sample_idx, features = seen.features
        assert sample_idx.tolist() == PRESENT
        expected = hierarchical_kmeans(features, NUMS, num_restarts=2)
        assert torch.equal(tree.leaf[PRESENT], expected.leaf)


def test_training_sees_others_in_their_place(trained):
    _, seen, _, _ = trained
    assert not set(seen.steps) & set(BROKEN)
    assert len(seen.steps) == NUM_IMAGES * 3


def test_each_is_said_once(trained):
    runner, _, _, log = trained
    paths = paths_of(runner.train_dataloader.dataset)
    lines = [line for line in log.splitlines() if 'cannot be read' in line]
    (line,) = (line for line in lines if 'HIRL feature pass' in line)
    assert 'HIRL feature pass: 3 of 96 images cannot be read and are' in line
    assert line.endswith(', '.join(paths[i] for i in BROKEN))
    # Gallery and queries are the same, and so is their warning.
    assert sum('kNN probe' in line for line in lines) == 1


def test_evaluation_leaves_them_out(trained, tmp_path):
    runner, _, cfg, _ = trained
    options = FrozenOptions((5,), ('100%',), num_prototypes=(12, 4))
    evaluation = FrozenEvaluation(cfg, options, runner.model.tree)
    source = feature_source(cfg, None)
    for _ in range(2):  # extracted, and read again
        cache = FeatureCache(tmp_path, source, num_workers=0, batch_size=1)
        evaluation.extract(cache, runner.model.eval)
        data = evaluation.data
        assert len(data.train) == len(data.train_labels) == len(PRESENT)
        assert len(data.val) == len(data.val_labels) == len(PRESENT)
    results = ArmResults('broken', '')
    evaluation.run(results)
    assert 'tree of the features' in results.figures
    features, labels, images = dataset_features(
        runner.model, cfg.knn_gallery, 'gallery', num_workers=0
    )
    torch.testing.assert_close(features.cpu(), data.train[:])
    folders = [int(path.split('/')[-2]) for path in paths_of(images)]
    assert labels.tolist() == folders == data.train_labels.tolist()


@pytest.fixture
def loader(broken, tmp_path):
    """Of batches of one, some of them without any image."""
    from mmpretrain.registry import DATASETS

    cfg = config(broken, tmp_path)
    return feature_loader(DATASETS.build(cfg.knn_gallery), None, 1, 0)


def test_names_of_many_are_shortened(loader, caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    loader.dataset.note_unreadable(list(range(12)), 'test')
    loader.dataset.note_unreadable(list(range(13)), 'test')
    logger.removeHandler(caplog.handler)
    first, second = caplog.messages
    assert '12 of 96' in first and first.endswith('.png, and 2 more')
    assert '1 of 96' in second and second.count('.png') == 1


def test_features_that_are_not_finite_are_named_with_them(loader, trained):
    """The indices of an error are those of all images."""
    model = trained[0].model

    def broken_feature(images):
        features = model.extract_z0(images)
        return features / 0 if broken_feature.calls.pop() else features

    broken_feature.calls = [i == 41 for i in PRESENT[::-1]]
    name = loader.dataset.name(41)
    with pytest.raises(FeaturePassError, match=rf'\[41\] \({name}\)'):
        feature_pass(model, broken_feature, loader, 'test')


def test_no_image_at_all(broken, tmp_path):
    from mmpretrain.registry import DATASETS

    cfg = config(broken, tmp_path)
    chosen = [cfg.knn_gallery['indices'][idx] for idx in BROKEN]
    few = DATASETS.build(cfg.knn_gallery | dict(indices=chosen))
    with pytest.raises(ValueError, match='none of the 3 images in .* can be'):
        feature_loader(few, None, 1, 0)
