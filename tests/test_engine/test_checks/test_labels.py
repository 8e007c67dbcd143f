"""Labels that do not fit a classifier of several labels per image."""

import json

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from hirl_mm.datasets.list_checks import check_lists
from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.engine.checks.labels import check_labels
from hirl_mm.registry import DATASETS, MODELS
from tests.runs import ROOT, run, settle

DEMO = ROOT / 'configs/evaluation/demo'
MULTI_LABEL = DEMO / 'resnet18_1xb32-multilabel-10e_scenes.py'
CLASSES = [str(k) for k in range(10)]


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'scenes'
    return write_digit_scenes(root, num_trainval=8, num_test=2)


def config(root):
    cfg = Config.fromfile(MULTI_LABEL)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.update(base_channels=4, stem_channels=4, init_cfg=None)
    cfg.model.head.in_channels = 32
    for loader in cfg.train_dataloader, cfg.val_dataloader:
        loader.dataset.data_root = str(root)
        loader.batch_size = 4
    return cfg


def checked(cfg, dataset):
    model = dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
    what = 'training images'
    check_labels(MODELS.build(model), {what: DATASETS.build(dataset)})


def listed(tmp_path, labels, classes=CLASSES):
    """A data set of images that are not read, with these labels."""
    path = tmp_path / 'labels.json'
    entries = [dict(img_path=f'{k}', gt_label=k) for k in labels]
    content = dict(metainfo=dict(classes=classes), data_list=entries)
    path.write_text(json.dumps(content))
    return dict(type='mmpretrain.MultiLabelDataset', ann_file=str(path))


def test_what_is_right_passes(scenes, tmp_path):
    cfg = config(scenes)
    checked(cfg, cfg.train_dataloader.dataset)
    for labels in [[0, 3], [], [9]], [[]]:
        dataset = listed(tmp_path, labels)
        checked(cfg, dataset)
        check_lists(dict(train_dataloader=dict(dataset=dataset)))


@pytest.mark.parametrize(
    ('labels', 'match'),
    [
        ([[1], 3], r'the training images \(MultiLabelDataset\) have the label '
         '3 .of 3.*list of their numbers.*evaluation/linear'),
        ([[1], None], 'have the label None'),
        ([['cat']], r"have the label \['cat'\]"),
        ([[0.0, 1.0]], r'have the label \[0.0, 1.0\]'),
        ([[1], [2, 10]], r'labels \[10\] .of .*has 10 outputs.* 0 to 9: corr'),
        ([[-1]], r'labels \[-1\] '),
    ],
)  # fmt: skip
def test_other_labels(scenes, tmp_path, labels, match):
    cfg = config(scenes)
    with pytest.raises(ValueError, match=match):
        checked(cfg, listed(tmp_path, labels))


def test_a_classifier_that_does_not_tell_its_classes(scenes, tmp_path):
    cfg = config(scenes)
    cfg.model.head = dict(type='MultiLabelClsHead')
    checked(cfg, listed(tmp_path, [[0, 12]]))
    with pytest.raises(ValueError, match=r'\[-1\] .of .*labels begin at 0: '):
        checked(cfg, listed(tmp_path, [[0], [-1]]))


def test_a_wrapped_part_is_checked(scenes, tmp_path):
    cfg = config(scenes)
    parts = [cfg.train_dataloader.dataset, listed(tmp_path, [3])]
    both = dict(type='mmengine.ConcatDataset', datasets=parts)
    both['ignore_keys'] = ['classes', 'dataset_type']
    with pytest.raises(ValueError, match=r'MultiLabelDataset\) have the labe'):
        checked(cfg, both)


def test_other_numbers_of_classes(scenes, tmp_path):
    cfg = config(scenes)
    fewer = listed(tmp_path, [[0]], CLASSES[:7])
    match = r'name 7 classes, but the classifier has 10 outputs.*head to 7'
    with pytest.raises(ValueError, match=match):
        checked(cfg, fewer)
    cfg.model.head.num_classes = 7
    with pytest.raises(ValueError, match=r"={'num_classes': 7, .*'num_class"):
        checked(cfg, fewer)
    cfg.data_preprocessor.num_classes = 7
    checked(cfg, fewer)
    cfg.data_preprocessor.to_onehot = False
    with pytest.raises(ValueError, match="'to_onehot': True}, got .*False"):
        checked(cfg, fewer)


def test_other_models_have_other_labels(scenes, tmp_path):
    cfg = config(scenes)
    cfg.model.head = dict(type='LinearClsHead', num_classes=10, in_channels=32)
    checked(cfg, listed(tmp_path, [3, 11, [2]]))


def test_a_training_is_refused_before_it_begins(scenes, tmp_path):
    """The validation images, too: their error would come an epoch late."""
    cfg = config(scenes)
    settle(cfg, tmp_path / 'run')
    cfg.val_dataloader.dataset = dict(
        listed(tmp_path, [3]), pipeline=cfg.val_dataloader.dataset.pipeline
    )
    with pytest.raises(ValueError, match=r'validation images .* the label 3'):
        run(cfg)
    assert not list(tmp_path.glob('run/*.pth'))


def test_files_are_checked_before_the_model_is_built(tmp_path):
    dataset = listed(tmp_path, [3])
    cfg = dict(val_dataloader=dict(dataset=dataset))
    with pytest.raises(ValueError, match=r'labels.json has the entry.* list'):
        check_lists(Config(cfg))
    (tmp_path / 'labels.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'labels.json: tools/dataset'):
        check_lists(cfg)
