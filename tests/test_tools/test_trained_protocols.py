"""Every trained protocol runs two epochs from a pre-trained checkpoint."""

import json
import uuid

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from hirl_mm.datasets.converters.annotations import write_annotations
from hirl_mm.datasets.converters.class_draw import draw_images
from hirl_mm.datasets.converters.label_draw import draw_labelled
from hirl_mm.datasets.converters.multilabel_lists import (
    part_of_list,
    read_multilabel,
)
from hirl_mm.datasets.toy import write_digit_scenes, write_shapes
from hirl_mm.registry import DATASETS
from hirl_mm.studies import RunFolder
from tests.runs import ROOT

FOLDER = ROOT / 'configs/evaluation/demo'
CONFIGS = sorted(path.name for path in FOLDER.glob('*.py'))
PRETRAINING = dict(
    resnet18='demo/mocov2_resnet18_1xb64-20e_digits.py',
    vit='debug/mocov3_vit-4x64-p8_1xb64-4e_digits.py',
)


@pytest.fixture(scope='module')
def data(digits, tmp_path_factory):
    """Folder of every data set by the name that the configs give it."""
    folder = tmp_path_factory.mktemp('data')
    lists = {}
    for percent in 1, 10:
        lists[percent] = folder / f'{percent}percent.txt'
        entries = draw_images(digits / 'train', percent / 100)
        write_annotations(lists[percent], entries)
    scenes = write_digit_scenes(folder / 'scenes')
    names = scenes / 'ImageSets/Main/trainval.txt'
    drawn = draw_labelled(read_multilabel(names), 0.1)
    part = names.with_name('trainval-10pct.txt')
    part.write_text(part_of_list(names, drawn))
    few = dict(num_train_per_class=60, num_val_per_class=12)
    shapes = write_shapes(folder / 'shapes', image_size=32, **few)
    return dict(digits=digits, shapes=shapes, scenes=scenes, lists=lists)


@pytest.fixture(scope='module')
def checkpoints(digits, tmp_path_factory):
    """A short pre-training of every backbone."""
    files = {}
    for backbone, name in PRETRAINING.items():
        cfg = Config.fromfile(ROOT / 'configs' / name)
        cfg.train_dataloader.dataset.data_root = str(digits)
        del cfg.default_hooks.knn_probe
        cfg.train_cfg.max_epochs = 3
        cfg.work_dir = str(tmp_path_factory.mktemp(backbone))
        quiet(cfg)
        Runner.from_cfg(cfg).train()
        files[backbone] = f'{cfg.work_dir}/epoch_3.pth'
    return files


def quiet(cfg):
    cfg.log_level = 'ERROR'
    cfg.experiment_name = uuid.uuid4().hex
    cfg.launcher = 'none'


def with_data(name, data):
    cfg = Config.fromfile(FOLDER / name)
    init_default_scope(cfg.default_scope)
    root = data[name.removesuffix('.py').split('_')[-1].split('-')[0]]
    for loader in cfg.train_dataloader, cfg.val_dataloader:
        loader.dataset.data_root = str(root)
    if 'ann_file' in cfg.train_dataloader.dataset:
        percent = 10 if '10pct' in name else 1
        cfg.train_dataloader.dataset.ann_file = str(data['lists'][percent])
    elif root == data['digits'] and name.startswith('resnet'):
        # Enough to be far from chance. The transformer needs them all.
        cfg.train_dataloader.dataset.indices = list(range(0, 1500, 2))
    return cfg


def chance(cfg):
    """Accuracy, or mean average precision, of a guess, in percent."""
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    if cfg.protocol.metric == 'accuracy/top1':
        return 100 / cfg.model.head.num_classes
    labels = [dataset.get_data_info(i)['gt_label'] for i in range(100)]
    shown = np.bincount(np.concatenate(labels).astype(int), minlength=10)
    return shown.mean()


@pytest.mark.parametrize('name', CONFIGS)
def test_few_epochs_beat_chance(name, data, checkpoints, tmp_path):
    cfg = with_data(name, data)
    backbone = name.split('_')[0].split('-')[0]
    cfg.model.backbone.init_cfg.checkpoint = checkpoints[backbone]
    # Presence of several classes is learned more slowly than a single class.
    several = cfg.protocol.metric != 'accuracy/top1'
    cfg.train_cfg.max_epochs = 5 if several else 2
    cfg.work_dir = str(tmp_path)
    quiet(cfg)
    runner = Runner.from_cfg(cfg)
    runner.train()
    value = RunFolder(tmp_path).last_value(cfg.protocol.metric)
    # A mean average precision of 10 classes strays less than an accuracy.
    factor = 1.3 if several else 2
    assert value > factor * chance(cfg)

    (record,) = tmp_path.glob('*/vis_data/config.py')
    assert Config.fromfile(record).protocol == cfg.protocol
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    last = json.loads(scalars.read_text().splitlines()[-1])
    assert last['step'] == cfg.train_cfg.max_epochs

    source = torch.load(checkpoints[backbone], weights_only=False)
    trained = runner.model.backbone.state_dict()
    same = [
        torch.equal(value.cpu(), source['state_dict'][f'backbone.{key}'])
        for key, value in trained.items()
    ]
    frozen = cfg.model.backbone.get('frozen_stages', -1) >= 0
    assert all(same) if frozen else not any(same[:3])


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('0/0957.png 0\n0/0001.png\n', 'percent.txt, line 2: expected'),
        ('0/0957.png 0\n', 'percent.txt has no image of 9 of the 10 classes'),
        ('0/0957.png 10\n', 'percent.txt has labels out of range'),
    ],
)
def test_bad_list_of_labels(text, match, data, tmp_path):
    cfg = with_data('resnet18_1xb16-finetune-20e_digits-1pct.py', data)
    dataset = cfg.train_dataloader.dataset
    dataset.ann_file = str(tmp_path / 'percent.txt')
    with pytest.raises(FileNotFoundError, match='dataset_converters'):
        DATASETS.build(dataset)
    (tmp_path / 'percent.txt').write_text(text)
    with pytest.raises(ValueError, match=match):
        DATASETS.build(dataset)


def test_list_of_labels(data):
    cfg = with_data('resnet18_1xb16-finetune-20e_digits-1pct.py', data)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(dataset) == 15
    for info in map(dataset.get_data_info, range(15)):
        folder, name = info['img_path'].rsplit('/', 2)[1:]
        assert info['gt_label'] == int(folder)
        assert (data['digits'] / 'train' / folder / name).is_file()
        assert info['img_path'].startswith(str(data['digits'] / 'train'))
