"""Support vector machines on multi-label data in the layout of VOC."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from mmengine.config import Config

from hirl_mm.datasets.toy.digit_scenes import write_digit_scenes
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.evaluation.svm_evaluation import SVMEvaluation
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.evaluation.functional import svm_scores
from tests.runs import ROOT, small_config

FOLDER = ROOT / 'configs/evaluation/frozen'


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_digit_scenes(root, num_trainval=150, num_test=60)


@pytest.fixture
def cfg(digits, scenes, tmp_path):
    cfg = small_config(digits, tmp_path, hirl=False)
    data = Config.fromfile(FOLDER / 'svm_digit_scenes.py')
    cfg.svm_train, cfg.svm_test = data.svm_train, data.svm_test
    for part in (cfg.svm_train, cfg.svm_test):
        part.data_root = str(scenes)
    return cfg


def test_from_scenes_to_average_precision(cfg, scenes, tmp_path):
    evaluation = SVMEvaluation(cfg)
    cache = FeatureCache(
        tmp_path / 'features', feature_source(cfg, None), num_workers=0
    )
    evaluation.extract(cache, lambda: load_pretrained(cfg, None))
    results = ArmResults('random', '')
    evaluation.run(results)
    train, test = (
        (evaluation.features[name].numpy(), shown(scenes, split))
        for name, split in (('svm_train', 'trainval'), ('svm_test', 'test'))
    )
    expected = svm_scores(*train, *test).mean
    figures = results.figures['linear SVM']
    assert list(figures) == [f'mAP, {method}' for method in expected]
    assert list(figures.values()) == pytest.approx(list(expected.values()))
    prevalence = 100 * np.mean(test[1] == 1)
    assert min(figures.values()) > prevalence


def test_stages_have_rows_of_their_own(cfg, tmp_path):
    def figures(*stages):
        evaluation = SVMEvaluation(cfg)
        caches = [
            FeatureCache(
                tmp_path,
                feature_source(cfg, None),
                num_workers=0,
                stage=stage,
            )
            for stage in stages
        ]
        evaluation.store(caches, lambda: load_pretrained(cfg, None))
        results = ArmResults('random', '')
        for cache in caches:
            evaluation.extract(cache, None)
            evaluation.run(results)
        return results.figures

    (default,) = figures(None).values()
    found = figures(2, 4)
    assert list(found) == ['linear SVM at stage 2', 'linear SVM at stage 4']
    assert found['linear SVM at stage 4'] == pytest.approx(default)
    assert found['linear SVM at stage 2'] != pytest.approx(default)


def shown(scenes, split):
    """1 for digits of a scene, -1 for those hardly to be seen, by its XML."""
    names = (scenes / f'ImageSets/Main/{split}.txt').read_text().split()
    targets = np.zeros((len(names), 10), int)
    for row, name in zip(targets, names, strict=True):
        root = ElementTree.parse(scenes / f'Annotations/{name}.xml')
        for item in root.iter('object'):
            digit = int(item.findtext('name'))
            if item.findtext('difficult') == '0':
                row[digit] = 1
            elif row[digit] == 0:
                row[digit] = -1
    return targets


def test_classes_with_few_images_are_left_out(cfg, tmp_path):
    evaluation = SVMEvaluation(cfg)
    generator = np.random.default_rng(0)
    for name, num in ('svm_train', 20), ('svm_test', 10):
        targets = generator.integers(0, 2, (num, 10))
        targets[3:, 1] = 0
        targets[:3, 1] = name == 'svm_train'
        targets[2:, 4] = 0
        evaluation.targets[name] = torch.from_numpy(targets).char()
    evaluation.features = {
        name: torch.from_numpy(generator.normal(size=(len(of), 5))).float()
        for name, of in evaluation.targets.items()
    }
    results = ArmResults('random', '')
    evaluation.run(results)
    assert len(results.figures['linear SVM']) == 3
    assert len(results.facts['linear SVM']['costs']) == 8
    ((_, figure),) = results.left_out()
    assert figure == '2 of 10 classes'
    assert '1, 4: fewer than 3' in results.left_out()['linear SVM', figure]
    evaluation.targets['svm_test'][:] = 0
    results = ArmResults('random', '')
    evaluation.run(results)
    assert results.figures == {'linear SVM': {}}
    assert list(results.left_out()) == [('linear SVM', '10 of 10 classes')]


def test_data_without_lists_of_labels(cfg, digits):
    cfg.svm_train = dict(cfg.knn_gallery, data_root=str(digits))
    with pytest.raises(ValueError, match='svm_train .* no lists of labels'):
        SVMEvaluation(cfg)


def test_only_one_split(cfg):
    cfg.pop('svm_test')
    with pytest.raises(ValueError, match='has no svm_test'):
        SVMEvaluation(cfg)


@pytest.mark.parametrize('name', ['svm_voc07.py', 'svm_digit_scenes.py'])
def test_configs_name_both_splits(name):
    cfg = Config.fromfile(Path(FOLDER, name))
    assert (cfg.svm_train.split, cfg.svm_test.split) == ('trainval', 'test')
    assert cfg.svm_train.pipeline == cfg.svm_test.pipeline
