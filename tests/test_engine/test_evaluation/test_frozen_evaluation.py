"""What is checked before features are extracted, and the whole evaluation."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmpretrain.registry import DATASETS

from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from hirl_mm.datasets.toy import write_shapes
from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.frozen_plan import plan_evaluation
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.engine.features.labelled_data import (
    class_names_of,
    multi_label_targets_of,
)
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.studies.comparison import load_results, write_results
from tests.runs import small_config
from tests.trees import random_tree

KS = (5, 20)


@pytest.fixture(scope='module')
def shapes(tmp_path_factory):
    return write_shapes(
        tmp_path_factory.mktemp('data') / 'shapes',
        image_size=32,
        num_train_per_class=4,
        num_val_per_class=2,
    )


@pytest.fixture
def cfg(shapes, tmp_path):
    cfg = small_config(shapes, tmp_path, hirl=False)
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root = str(shapes)
    return cfg


def sets_of(cfg):
    return DATASETS.build(cfg.knn_gallery), DATASETS.build(cfg.knn_queries)


def plan(cfg, shares=('25%', '100%'), ks=KS, **options):
    return plan_evaluation(*sets_of(cfg), ks, shares, **options)


def test_shares_hold_images_of_every_class(cfg):
    planned = plan(cfg)
    few, all_images = planned.subsets.values()
    assert list(planned.subsets) == ['25%', '100%']
    assert planned.train_labels[few].tolist() == list(range(36))
    assert all_images.tolist() == list(range(144))
    assert not torch.equal(plan(cfg, seed=1).subsets['25%'], few)


def test_share_of_a_list(cfg, shapes, tmp_path):
    paths = sorted((shapes / 'train').glob('*/*'))[::2]
    lines = [f'{path.parent.name}/{path.name}' for path in paths]
    (tmp_path / 'list.txt').write_text('\n'.join(lines))
    planned = plan(cfg, shares=[f'10%={tmp_path / "list.txt"}'])
    assert planned.subsets['10%'].tolist() == list(range(0, 144, 2))


def test_taxonomy_beside_the_images(cfg, shapes, digits):
    hierarchy = load_hierarchy(shapes / 'hierarchy.json')
    planned = plan(cfg)
    assert planned.taxonomy.levels == hierarchy.levels
    assert np.array_equal(planned.taxonomy.tables, hierarchy.tables())
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root = str(digits)
    assert plan(cfg).taxonomy is None


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(ks=(5, 0)), 'k must be at least 1, got 0'),
        (dict(shares=['few']), "written as '1%' or '1%=FILE', got 'few'"),
        (dict(shares=['0%']), r'fraction must lie in \(0, 1\], got 0.0'),
        (dict(shares=['1%=gone.txt']), 'gone.txt'),
        (dict(hierarchy='gone.json'), 'gone.json'),
    ],
)
def test_options_that_do_not_fit(options, message, cfg):
    with pytest.raises((ValueError, OSError), match=message):
        plan(cfg, **options)


def test_class_without_images_in_the_list(cfg, shapes, tmp_path):
    classes = sorted(path.name for path in (shapes / 'train').iterdir())
    file = tmp_path / 'one_percent.txt'
    file.write_text(
        '\n'.join(
            f'{name}/{next((shapes / "train" / name).iterdir()).name}'
            for name in classes[1:]
        )
    )
    with pytest.raises(ValueError, match=r'one_percent.txt.*no sample'):
        plan(cfg, shares=[f'1%={file}'])


def test_taxonomy_that_does_not_cover_the_classes(cfg, shapes, tmp_path):
    content = json.loads((shapes / 'hierarchy.json').read_text())
    lost = sorted(content['classes'])[3]
    del content['classes'][lost]
    file = tmp_path / 'some.json'
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf'some.json.*{lost}'):
        plan(cfg, hierarchy=str(file))


def test_images_without_labels(cfg):
    cfg.knn_queries.update(with_label=False, data_prefix='val')
    with pytest.raises(ValueError, match='72 of the 72 samples'):
        plan(cfg)


def test_two_data_sets_that_have_nothing_in_common(cfg, digits):
    cfg.knn_gallery.data_root = str(digits)
    with pytest.raises(ValueError, match='have a class 35, but'):
        plan(cfg)


def test_config_without_data(cfg):
    cfg.pop('knn_queries')
    with pytest.raises(ValueError, match='has no knn_queries: add'):
        FrozenEvaluation(cfg, FrozenOptions(KS))


def test_wordnet_ids_are_the_names_of_imagenets_classes(cfg, tmp_path):
    dataset, _ = sets_of(cfg)
    folders = sorted({p.split('/')[-2] for p in map(path_of(dataset), (0, 9))})
    dataset._metainfo['classes'] = tuple(f'class {i}' for i in range(36))
    names = class_names_of(dataset)
    assert len(names) == 36 and set(folders) <= set(names)
    flat = DATASETS.build(cfg.knn_gallery)
    flat.get_data_info = lambda idx: dict(
        img_path=f'all/{idx}.png', gt_label=idx % 36
    )
    assert class_names_of(flat) == list(flat.CLASSES)
    # As many folders as classes, but one of them holds two classes.
    flat.get_data_info = lambda idx: dict(
        img_path=f'{idx % 36 if idx < 36 else 0}/{idx}.png', gt_label=idx % 36
    )
    assert class_names_of(flat) == list(flat.CLASSES)


def path_of(dataset):
    return lambda index: dataset.get_data_info(index)['img_path']


@pytest.fixture
def evaluated(cfg, tmp_path):
    """All protocols on random weights, with a tree of known leaves."""
    tree = random_tree([12, 4, 2], 8, num_samples=144)
    options = FrozenOptions(KS, ('25%', '100%'), num_prototypes=(12, 4))
    evaluation = FrozenEvaluation(cfg, options, tree)
    source = feature_source(cfg, None)
    cache = FeatureCache(tmp_path / 'features', source, num_workers=0)
    evaluation.extract(cache, lambda: load_pretrained(cfg, None))
    results = ArmResults('random', '')
    evaluation.run(results)
    return evaluation, results


def test_few_images(cfg, tmp_path, caplog):
    """Four of every class to train with; an image of three classes each."""
    cfg.knn_queries.indices = [0, 20, 40]
    options = FrozenOptions(num_prototypes=(150, 4))
    evaluation = FrozenEvaluation(cfg, options)
    source = feature_source(cfg, None)
    cache = FeatureCache(tmp_path / 'features', source, num_workers=0)
    evaluation.extract(cache, lambda: load_pretrained(cfg, None))
    results = ArmResults('random', '')
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    evaluation.run(results)
    evaluation.draw(tmp_path)
    logger.removeHandler(caplog.handler)
    assert list(results.figures['kNN']) == ['k=10', 'k=20', 'k=100', 'best k']
    assert list(results.figures['logistic']) == ['100%']
    left_out = list(results.left_out())
    finest = evaluation.plan.taxonomy.levels[0]
    assert {
        ('kNN', 'k=200'),
        ('logistic', '1%'),
        ('logistic', '10%'),
        ('clustering', 'acc'),
        ('clustering by level', finest),
        ('tree of the features', 'K=150'),
    } <= set(left_out)
    for protocol, figure in left_out:
        assert f'left out: {protocol}, {figure}: ' in caplog.text
    assert 'left out: embedding.png: it needs 4 images' in caplog.text
    assert not (tmp_path / 'embedding.png').exists()
    table = write_results(tmp_path, results)
    assert '- random, kNN, k=200: there are 144 images' in table
    assert load_results(tmp_path / 'results.json') == results


def test_figures_by_level(evaluated):
    evaluation, results = evaluated
    levels = list(evaluation.plan.taxonomy.levels)
    knn, figures = results.figures['kNN'], results.figures['kNN by level']
    assert list(figures) == levels
    assert figures[levels[0]] == knn['best k'] == max(knn.values())
    assert list(figures.values()) == sorted(figures.values())
    clustering = results.figures['clustering by level']
    assert clustering[levels[0]] == results.figures['clustering']['acc']
    distance = results.figures['tree distance']
    share = 1 - knn['best k'] / 100
    assert distance['of all'] == pytest.approx(share * distance['of mistakes'])
    assert 1 <= distance['of mistakes'] <= len(levels)


def test_both_trees_are_measured(evaluated):
    evaluation, results = evaluated
    num_levels = len(evaluation.plan.taxonomy.levels)
    for name, num in (
        ('tree of the training', 3),
        ('tree of the features', 2),
    ):
        assert len(results.figures[name]) == 2 * num * num_levels
        assert all(0 <= v <= 100 for v in results.figures[name].values())
    learned = results.figures['tree of the training']
    assert (
        learned['K=12, purity of ' + evaluation.plan.taxonomy.levels[0]]
        < (learned['K=12, purity of ' + evaluation.plan.taxonomy.levels[-1]])
    )


def kept_tree(cfg, caplog, num_samples, data):
    """The tree that an evaluation keeps, and what it warned of."""
    tree = random_tree([12, 4, 2], 8, num_samples=num_samples)
    tree = replace(tree, data=data)
    caplog.clear()
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    kept = FrozenEvaluation(cfg, FrozenOptions(KS), tree).tree
    logger.removeHandler(caplog.handler)
    assert kept in (None, tree)
    warnings = [r for r in caplog.records if r.levelname == 'WARNING']
    messages = [record.getMessage() for record in warnings]
    return kept, [message for message in messages if ' tree ' in message]


def test_tree_over_other_images_is_left_out(cfg, caplog):
    here = data_identity(sets_of(cfg)[0])
    kept, warnings = kept_tree(cfg, caplog, 144, here)
    assert kept is not None and not warnings
    kept, (warning,) = kept_tree(cfg, caplog, 100, here)
    assert (
        kept is None and 'has 100 images, but knn_gallery has 144' in warning
    )
    kept, (warning,) = kept_tree(cfg, caplog, 144, 'f00d')
    assert kept is None and 'built on other images than knn_gallery' in warning
    assert 'skipped. Let knn_gallery read' in warning
    kept, (warning,) = kept_tree(cfg, caplog, 144, '')
    assert kept is not None and 'does not record its images' in warning


def test_embedding_is_drawn(evaluated, tmp_path):
    evaluated[0].draw(tmp_path)
    assert (tmp_path / 'embedding.png').stat().st_size > 10_000


def test_targets_of_multi_label_data():
    samples = [
        dict(gt_label=[0, 2], gt_label_difficult=[1, 2]),
        dict(gt_label=[], gt_label_difficult=None),
    ]

    class Data:
        metainfo = dict(classes=('a', 'b', 'c'))
        data_root = 'here'

        def __len__(self):
            return len(samples)

        def get_data_info(self, index):
            return samples[index]

    targets = multi_label_targets_of(Data(), 'svm_train')
    assert targets.tolist() == [[1, -1, 1], [0, 0, 0]]
    samples[1]['gt_label'] = 3
    with pytest.raises(ValueError, match='no lists of labels'):
        multi_label_targets_of(Data(), 'svm_train')
