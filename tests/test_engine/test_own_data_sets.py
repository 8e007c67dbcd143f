"""Data sets of other projects: MMEngine's, with classes in metainfo."""

from pathlib import Path

import pytest
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS

from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.evaluation.svm_evaluation import SVMEvaluation
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.evaluation.arm_results import ArmResults
from tests.runs import run, small_config


@DATASETS.register_module()
class OwnDigits(BaseDataset):
    """Digits, as a project of one's own may read them."""

    METAINFO = dict(classes=tuple(f'digit {n}' for n in range(10)))

    def __init__(self, num, labels='one', **kwargs):
        self.num = num
        self.labels = labels
        super().__init__(**kwargs)

    def load_data_list(self):
        files = sorted(Path(self.data_prefix['img_path']).glob('*/*'))
        step = len(files) // self.num
        labels = [int(file.parent.name) for file in files]
        if self.labels == 'several':
            labels = [[label] for label in labels]
        return [
            dict(img_path=str(file), gt_label=label)
            for file, label in zip(files, labels, strict=True)
        ][::step][: self.num]


def part(digits, split, **kwargs):
    return dict(
        type='OwnDigits',
        num=90,
        data_root=str(digits),
        data_prefix=dict(img_path=split),
        pipeline=[dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')],
        **kwargs,
    )


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """The config of a training on such a data set, and its checkpoint."""
    folder = tmp_path_factory.mktemp('own')
    cfg = small_config(digits, folder, epochs=2)
    cfg.train_dataloader.dataset = part(digits, 'train') | dict(
        pipeline=cfg.train_dataloader.dataset.pipeline
    )
    cfg.knn_gallery = part(digits, 'train')
    cfg.knn_queries = part(digits, 'val')
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=cfg.knn_gallery,
        queries=cfg.knn_queries,
        num_workers=0,
    )
    runner = run(cfg)
    assert runner.model.tree is not None
    cfg.filename = 'own.py'
    return cfg, folder / 'epoch_2.pth'


def evaluated(evaluation, trained, folder):
    cfg, checkpoint = trained
    source = feature_source(cfg, str(checkpoint), None)
    cache = FeatureCache(folder, source, num_workers=0)
    evaluation.extract(cache, lambda: load_pretrained(cfg, str(checkpoint)))
    return evaluation


def test_all_frozen_protocols(trained, tmp_path):
    cfg, _ = trained
    options = FrozenOptions(ks=(5,), shares=('100%',))
    found = evaluated(FrozenEvaluation(cfg, options), trained, tmp_path)
    # Every class is a folder, whose name a taxonomy knows.
    assert found.plan.class_names == [str(n) for n in range(10)]
    assert found.data.train.shape == (90, 64)


def test_linear_svm_of_several_labels(digits, trained, tmp_path):
    cfg, checkpoint = trained
    cfg = cfg.copy()
    cfg.svm_train = part(digits, 'train', labels='several')
    cfg.svm_test = part(digits, 'val', labels='several')
    found = evaluated(SVMEvaluation(cfg), (cfg, checkpoint), tmp_path)
    results = ArmResults('own', '')
    found.run(results)
    assert found.targets['svm_train'].sum(1).eq(1).all()
    (figures,) = results.figures.values()
    assert all(value > 10 for value in figures.values())


def test_several_labels_need_names_of_classes(digits, trained):
    cfg = trained[0].copy()
    for name, split in ('svm_train', 'train'), ('svm_test', 'val'):
        cfg[name] = part(digits, split, labels='several', metainfo={})
    OwnDigits.METAINFO, kept = {}, OwnDigits.METAINFO
    try:
        with pytest.raises(ValueError, match='has no names of classes: give'):
            SVMEvaluation(cfg)
    finally:
        OwnDigits.METAINFO = kept
