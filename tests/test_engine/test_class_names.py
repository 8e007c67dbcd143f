"""Runs and evaluations of splits that number their classes differently."""

import json

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.labelled_data import labels_of
from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from hirl_mm.evaluation.arm_results import ArmResults
from tests.colour_folders import hide, write_colours
from tests.logged import warnings_of
from tests.runs import ROOT, run, settle, small_config

TYPES = ['mmpretrain.CustomDataset', 'hirl_mm.FolderImages']
FINETUNE = 'configs/evaluation/demo/resnet18_1xb64-finetune-10e_digits.py'


@pytest.fixture(scope='module')
def colours(tmp_path_factory):
    """Three classes to train on, of which the validation lacks one."""
    root = tmp_path_factory.mktemp('colours')
    write_colours(root / 'train', num=8)
    write_colours(root / 'val', 'ac')
    return root


@pytest.fixture(scope='module')
def untidy(tmp_path_factory):
    """The same, with folders in the way that are no classes."""
    root = tmp_path_factory.mktemp('untidy')
    write_colours(root / 'train', num=8)
    hide(root / 'train', 'c')
    write_colours(root / 'val', 'ac')
    (root / 'val/0').mkdir()
    return root


def split(root, prefix, kind):
    return dict(
        type=kind,
        data_root=str(root),
        data_prefix=prefix,
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(type='mmpretrain.PackInputs'),
        ],
    )


def probed(root, work_dir, kind):
    cfg = small_config(root, work_dir, hirl=False, epochs=1)
    cfg.train_dataloader.batch_size = 8
    del cfg.train_dataloader.dataset['indices']
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=split(root, 'train', kind),
        queries=split(root, 'val', kind),
        num_workers=0,
        k=3,
    )
    return cfg


@pytest.mark.parametrize('kind', TYPES)
@pytest.mark.parametrize('data', ['colours', 'untidy'])
def test_probe_compares_classes_by_name(kind, data, tmp_path, request):
    root = request.getfixturevalue(data)
    run(probed(root, tmp_path, kind))
    (file,) = tmp_path.glob('*/vis_data/scalars.json')
    lines = map(json.loads, file.read_text().splitlines())
    accuracy = {s['step']: s['knn/top1'] for s in lines if 'knn/top1' in s}
    assert accuracy[0] == 100


def figures(root, tmp_path, kind, hierarchy=None):
    cfg = probed(root, tmp_path, kind)
    cfg.knn_gallery = split(root, 'train', kind)
    cfg.knn_queries = split(root, 'val', kind)
    options = FrozenOptions((3,), ('50%', '100%'), hierarchy)
    with warnings_of() as found:
        evaluation = FrozenEvaluation(cfg, options)
    source = feature_source(cfg, None)
    cache = FeatureCache(tmp_path / 'features', source, num_workers=0)
    evaluation.extract(cache, lambda: load_pretrained(cfg, None))
    results = ArmResults('random', '')
    evaluation.run(results)
    return results.figures, found, evaluation


@pytest.mark.parametrize('kind', TYPES)
@pytest.mark.parametrize('data', ['colours', 'untidy'])
def test_evaluation_compares_classes_by_name(kind, data, tmp_path, request):
    root = request.getfixturevalue(data)
    found, warnings, evaluation = figures(root, tmp_path, kind)
    assert found['kNN'] == {'k=3': 100, 'best k': 100}
    assert found['logistic'] == {'50%': 100, '100%': 100}
    assert found['clustering']['acc'] == 100
    assert evaluation.plan.class_names == ['a', 'b', 'c']
    text = ' '.join(warnings)
    assert 'knn_queries: no images of 1 of the 3 classes: b' in text
    hidden = data == 'untidy' and kind == TYPES[0]
    assert ('1 images in hidden folders' in text) == hidden


def test_class_that_only_the_queries_have(tmp_path):
    """Its images count as errors, in a taxonomy of all classes too."""
    root = tmp_path / 'data'
    write_colours(root / 'train', 'bc')
    write_colours(root / 'val', 'abc')
    file = tmp_path / 'hierarchy.json'
    classes = dict(a=['a', 'x'], b=['b', 'y'], c=['c', 'x'])
    file.write_text(
        json.dumps(dict(levels=['fine', 'coarse'], classes=classes))
    )
    found, _, evaluation = figures(root, tmp_path, TYPES[0], str(file))
    assert found['kNN']['k=3'] == pytest.approx(200 / 3)
    assert evaluation.plan.class_names == ['b', 'c', 'a']
    coarse = evaluation.plan.taxonomy.tables[1]
    assert coarse[1] == coarse[2] != coarse[0]


def classifier(root, work_dir, kind, epochs=3):
    cfg = Config.fromfile(ROOT / FINETUNE)
    settle(cfg, work_dir)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.backbone.pop('init_cfg')
    cfg.model.head.update(in_channels=64, num_classes=3)
    cfg.data_preprocessor.num_classes = 3
    cfg.optim_wrapper.optimizer.lr = 0.03
    cfg.train_cfg.update(max_epochs=epochs, val_interval=epochs)
    cfg.val_evaluator.topk = (1,)
    for loader, prefix in (('train', 'train'), ('val', 'val')):
        dataset = split(root, prefix, kind)
        cfg[f'{loader}_dataloader'].update(batch_size=8, dataset=dataset)
    return cfg


@pytest.mark.slow
@pytest.mark.parametrize('kind', TYPES)
def test_classifier_is_validated_and_tested_by_name(kind, colours, tmp_path):
    """The test takes the names from the checkpoint, in another process."""
    cfg = classifier(colours, tmp_path, kind, epochs=4)
    (colours / 'train/0').mkdir(exist_ok=True)
    runner = Runner.from_cfg(cfg)
    with warnings_of(runner.logger) as found:
        runner.train()
    (colours / 'train/0').rmdir()
    assert labels_of(runner.val_dataloader.dataset, '').unique().tolist() == [
        *(0, 2),
    ]
    assert labels_of(runner.train_dataloader.dataset, '').max() == 2
    last = runner.message_hub.get_scalar('val/accuracy/top1').current()
    assert last == 100
    assert any('validation images: no images of 1' in text for text in found)
    saved = torch.load(tmp_path / 'epoch_4.pth', weights_only=False)
    assert saved['meta']['dataset_meta']['classes'] == ('a', 'b', 'c')

    cfg = classifier(colours, tmp_path / 'test', kind)
    cfg.default_hooks.pop('dataset_check')
    add_standard_hooks(cfg, training=True)
    cfg.load_from = str(tmp_path / 'epoch_4.pth')
    cfg.test_dataloader = cfg.val_dataloader
    cfg.test_evaluator = cfg.val_evaluator
    cfg.test_cfg = dict()
    assert Runner.from_cfg(cfg).test()['accuracy/top1'] == 100
    assert Runner.from_cfg(cfg).val()['accuracy/top1'] == 100


def test_images_in_hidden_folders_stop_a_classifier(untidy, tmp_path):
    with pytest.raises(ValueError, match=r'training images: 1 images.*Delete'):
        run(classifier(untidy, tmp_path, TYPES[0]))


def test_loop_that_reads_already_is_not_relabelled(untidy, tmp_path):
    (untidy / 'train/0').mkdir()
    try:
        cfg = classifier(untidy, tmp_path, TYPES[0])
        cfg.train_dataloader.dataset.data_prefix = 'val'
        cfg.train_cfg = dict(by_epoch=False, max_iters=2)
        cfg.param_scheduler = []
        with pytest.raises(ValueError, match='hidden or have no images'):
            run(cfg)
    finally:
        (untidy / 'train/0').rmdir()


def test_a_run_says_what_it_leaves_out(tmp_path):
    root = tmp_path / 'data'
    write_colours(root, num=4)
    write_colours(root, 'ab', suffix='.webp')
    cfg = probed(root, tmp_path / 'run', TYPES[0])
    del cfg.default_hooks['knn_probe']
    cfg.train_dataloader.dataset.update(type='CustomDataset', data_prefix='')
    runner = Runner.from_cfg(cfg)
    with warnings_of(runner.logger) as found:
        runner.call_hook('before_run')
        assert not found
        runner.train()
    texts = [text for text in found if 'left out' in text]
    assert len(texts) == 1
    assert texts[0].startswith('training images: ')
    assert '8 images are left out (8 .webp)' in texts[0]
