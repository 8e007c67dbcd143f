"""CIFAR and MNIST, whose images are arrays: trained on and evaluated."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from PIL import Image

from hirl_mm.datasets.image_label import label_of
from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.dataset_features import dataset_features
from hirl_mm.engine.features.feature_pass import feature_loader
from hirl_mm.engine.features.fingerprint import (
    data_fingerprint,
    data_identity,
)
from hirl_mm.engine.features.labelled_data import (
    class_names_of,
    labels_of,
    paths_of,
)
from hirl_mm.engine.features.tree_images import images_of_config
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.structures import PrototypeTree
from hirl_mm.studies.shown_trees import shown_file, shown_run
from hirl_mm.visualization import draw_semantic_tree
from hirl_mm.visualization.images_of_data import images_of_data
from tests.array_data import write_cifar, write_mnist
from tests.built_images import build_images
from tests.runs import run, small_config

TOOL = Path(__file__).parents[2] / 'tools/extract_features.py'
PACK = [dict(type='PackInputs')]
KINDS = ['FewCIFAR10', 'FewCIFAR100', 'MNIST', 'FashionMNIST']


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """Folder, and pixels and labels by split, of every kind of data."""
    root = tmp_path_factory.mktemp('arrays')
    cifars = {
        f'FewCIFAR{kind}': (root / f'c{kind}', write_cifar(root, kind))
        for kind in (10, 100)
    }
    cifars = {kind: (root, found) for kind, (_, found) in cifars.items()}
    mnist = root / 'mnist', write_mnist(root / 'mnist')
    return cifars | dict(MNIST=mnist, FashionMNIST=mnist)


def cfg_of(written, kind, split='train', **options):
    return dict(
        type=kind,
        data_root=str(written[kind][0]),
        split=split,
        pipeline=PACK,
        **options,
    )


@pytest.mark.parametrize('split', ['train', 'test'])
@pytest.mark.parametrize('kind', KINDS)
def test_labels_and_names(kind, split, written):
    init_default_scope('mmpretrain')
    dataset = build_images(cfg_of(written, kind, split))
    pixels, labels = written[kind][1][split]
    assert labels_of(dataset, 'data').tolist() == labels.tolist()
    assert class_names_of(dataset) == list(dataset.CLASSES)
    assert paths_of(dataset)[17] == f'{kind}[17]'
    assert np.array_equal(dataset.get_data_info(17)['img'], pixels[17])


@pytest.mark.parametrize('kind', KINDS)
def test_fingerprint_is_of_pixels_and_labels(kind, written):
    init_default_scope('mmpretrain')
    train = build_images(cfg_of(written, kind))
    first, again, fewer, other = (
        data_fingerprint(data)
        for data in (
            train,
            build_images(cfg_of(written, kind)),
            train.get_subset(range(95)),
            build_images(cfg_of(written, kind, 'test')),
        )
    )
    assert first == again
    assert len({first, fewer, other}) == 3


def test_labels_of_any_type():
    for label in (3, np.int64(3), np.array(3), np.array(3, np.uint8)):
        assert label_of(dict(gt_label=label)) == 3
    assert label_of(dict(gt_label=torch.tensor(3))) == 3
    for none in ({}, dict(gt_label=None), dict(gt_label=[1, 2])):
        assert label_of(none) is None


def hirl_config(written, kind, work_dir):
    """HIRL-MoCo on arrays, evaluated and probed on them."""
    cfg = small_config('nowhere', work_dir, epochs=2)
    load = [dict(type='hirl_mm.LoadImage')] if 'MNIST' in kind else []
    views = cfg.train_dataloader.dataset.pipeline[1:]
    whole = [*load, *PACK]
    size = dict(scale=32) if 'MNIST' in kind else {}
    if size:
        whole.insert(1, dict(type='Resize', **size))
    train = cfg_of(written, kind) | dict(pipeline=[*load, *views])
    cfg.train_dataloader.dataset = train
    gallery = dict(cfg_of(written, kind), pipeline=whole)
    cfg.knn_gallery = gallery
    cfg.knn_queries = dict(gallery, split='test')
    cfg.default_hooks.kmeans.pipeline = whole
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=cfg.knn_gallery,
        queries=cfg.knn_queries,
        num_gallery=80,
        num_workers=0,
    )
    cfg.data_preprocessor.to_rgb = False
    return cfg


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['FewCIFAR10', 'MNIST'])
def test_trained_clustered_and_evaluated(kind, written, tmp_path):
    cfg = hirl_config(written, kind, tmp_path)
    trained = run(cfg)
    tree = PrototypeTree.load(tmp_path / 'prototype_trees/epoch_2.pth')
    dataset = trained.train_dataloader.dataset
    assert len(tree.leaf) == 96 and tree.is_complete
    assert tree.data == data_identity(dataset)

    options = FrozenOptions((5,), ('50%',), num_prototypes=(12, 4))
    evaluation = FrozenEvaluation(cfg, options, tree)
    assert evaluation.tree is tree
    checkpoint = str(tmp_path / 'epoch_2.pth')
    cache = FeatureCache(
        tmp_path / 'features', feature_source(cfg, checkpoint), num_workers=0
    )
    evaluation.extract(cache, lambda: load_pretrained(cfg, checkpoint))
    results = ArmResults('arrays', '')
    evaluation.run(results)
    assert results.figures['kNN']['k=5'] > 60  # of 10 classes with a colour
    assert 'tree of the training' in results.figures

    model = load_pretrained(cfg, checkpoint)
    features, labels, images = dataset_features(
        model, cfg.knn_queries, 'queries', num_workers=0
    )
    expected = written[kind][1]['test'][1]
    assert labels.tolist() == expected.tolist()
    assert len(features) == len(images) == 40

    found = images_of_config(tree, cfg)
    assert found['labels'] == written[kind][1]['train'][1].tolist()
    out = tmp_path / 'tree.png'
    draw_semantic_tree(tree, out=out, **found)
    assert out.stat().st_size > 10_000
    pixels = written[kind][1]['train'][0]
    for shown in (
        shown_run(tmp_path, num_workers=0),
        shown_file(tmp_path / 'prototype_trees/epoch_2.pth'),
    ):
        assert np.array_equal(np.asarray(shown.image(5, 32)), pixels[5])
    cfg.train_dataloader.dataset.split = 'test'
    with pytest.raises(ValueError, match='are 40 images but .* from 96'):
        images_of_config(tree, cfg)
    changed = replace(tree, data='f00d')
    cfg.train_dataloader.dataset.split = 'train'
    with pytest.raises(ValueError, match='built from other images than'):
        images_of_config(changed, cfg)


@pytest.mark.slow
def test_features_are_written_with_names(written, tmp_path, monkeypatch):
    cfg = hirl_config(written, 'FewCIFAR10', tmp_path)
    model = load_pretrained(cfg, None)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'weights.pth')
    cfg.dump(tmp_path / 'config.py')
    out = tmp_path / 'features.pth'
    paths = map(str, (tmp_path / 'config.py', tmp_path / 'weights.pth'))
    monkeypatch.setattr(
        sys, 'argv', ['', *paths, '--out', str(out), '--num-workers', '0']
    )
    runpy.run_path(str(TOOL), run_name='__main__')
    found = torch.load(out)
    assert found['features'].shape == (96, 64)
    expected = written['FewCIFAR10'][1]['train'][1]
    assert found['labels'].tolist() == expected.tolist()
    assert found['paths'][95] == 'FewCIFAR10[95]'


def test_pictures_show_the_pixels(written):
    init_default_scope('mmpretrain')
    for kind in KINDS:
        dataset = build_images(cfg_of(written, kind))
        pixels, labels = written[kind][1]['train']
        found = images_of_data(dataset)
        assert found['labels'] == labels.tolist()
        assert found['class_names'] == dataset.CLASSES
        shown = found['images'](5)
        assert isinstance(shown, Image.Image)
        assert np.array_equal(np.asarray(shown), pixels[5])


def test_broken_array_is_named(written):
    """A pipeline that fails on an array says which."""
    init_default_scope('mmpretrain')
    fails = [dict(type='LoadImageFromFile'), *PACK]
    dataset = build_images(cfg_of(written, 'MNIST') | dict(pipeline=fails))
    with pytest.raises(OSError, match=r"MNIST\[0\]: KeyError: 'img_path'"):
        feature_loader(dataset, None, 8, num_workers=0)


def test_parts_of_arrays_are_held_out(written):
    init_default_scope('mmpretrain')
    parts = [
        build_images(
            dict(
                type='hirl_mm.HeldOutSplit',
                dataset=cfg_of(written, 'MNIST'),
                num_held_out=16,
                held_out=held_out,
            )
        )
        for held_out in (False, True)
    ]
    assert list(map(len, parts)) == [80, 16]
    assert Path(paths_of(parts[1])[15]).name == 'MNIST[15]'
