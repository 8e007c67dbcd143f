"""Labels of a few images: read, voted, written, and trained on."""

import json
import os

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints.matching import evaluated_prefix
from hirl_mm.datasets.labelled_images import LabelledImages
from hirl_mm.models import RegisterViT
from hirl_mm.structures import EmbeddedImages
from hirl_mm.studies.hierarchy_use.branch_labels import LabelledTree
from hirl_mm.studies.hierarchy_use.classifier_config import (
    write_classifier_config,
)
from hirl_mm.studies.hierarchy_use.given_labels import find_files, read_labels
from tests.runs import ROOT
from tests.trees import tree_of

CLASSES = ['a|b {{ fileBasename }}', 'c\'\n"', 'd\x1b🐈']


def given(tmp_path, text):
    (tmp_path / 'labels.csv').write_bytes(text)
    return read_labels(tmp_path / 'labels.csv')


def test_table(tmp_path):
    found = given(
        tmp_path,
        b'\xef\xbb\xbffile,label\r\n\r\na.jpg, cat \r\n"b,\nc.jpg",dog\r\n'
        b'\xff.jpg,cat\r\na.jpg,cat\r\n',
    )
    assert found.files == ['a.jpg', 'b,\nc.jpg', os.fsdecode(b'\xff.jpg')]
    assert found.labels == [0, 1, 0] and found.class_names == ['cat', 'dog']


@pytest.mark.parametrize(
    ('text', 'error'),
    [
        (b'', 'has no line file,label'),
        (b'file,label\n', 'has no line file,label'),
        (b'a.jpg,cat\nb.jpg\n', "line 2: expected .* got 'b.jpg'"),
        (b'a.jpg,cat,dog\n', 'line 1: expected a file and its label'),
        (b'a.jpg, \n', 'line 1: expected'),
        (b'a.jpg,cat\na.jpg,dog\n', 'line 2: a.jpg has the labels cat and'),
        (b'"a.jpg,cat\n', r'no table of file,label'),
    ],
)
def test_errors_of_a_table(text, error, tmp_path):
    with pytest.raises(ValueError, match=error):
        given(tmp_path, text)


def test_names_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [
        *('data/cat/1.jpg', 'data/dog/1.jpg', '/abs/x.jpg'),
        'shards://data/train/cat/2.jpg',
    ]
    names = [
        *('data/dog/1.jpg', './data/dog/../cat/1.jpg', 'cat/1.jpg'),
        *('x.jpg', 'cat/2.jpg', 'at/1.jpg', 'none.jpg'),
        str(tmp_path / 'data/cat/1.jpg'),
    ]
    found = find_files(names, paths, tmp_path)
    assert found == [1, 0, 0, 2, 3, None, None, 0]
    assert find_files(['cat/1.jpg'], paths, tmp_path / 'data') == [0]
    with pytest.raises(ValueError, match='1.jpg may be data/cat/1.jpg, data'):
        find_files(['1.jpg'], paths, tmp_path)


@pytest.fixture
def labelled():
    """Six images in three leaves of two branches; the last is unreadable."""
    tree = tree_of([0, 0, 1, 1, 2, 0], [0, 0, 1])
    leaf = torch.tensor([0, 0, 1, 1, 2, -1])
    paths = [f'/data/{name}' for name in ('0', '1', '2\n', '3', '4', '5')]
    images = EmbeddedImages(tree, paths, torch.ones(6, 2), leaf)
    # Image 0, image 3, and one of leaf 1 that is no training image.
    places = torch.tensor([0, 1, 1])
    return LabelledTree(images, places, [1, 2, 0], CLASSES, [0, 3, None])


def test_names_and_labels_of_images(labelled, tmp_path):
    written = labelled.write(tmp_path, 0.4, [('new.png', 0)])
    assert written == {
        'branches.jsonl': 3,
        'pseudo_labels.jsonl': 6,
        'train.txt': 4,
    }
    branches = [
        json.loads(line)
        for line in (tmp_path / 'branches.jsonl').read_text().splitlines()
    ]
    assert branches[1] == dict(
        level=0,
        node=1,
        name=CLASSES[0],
        classes=[CLASSES[0], CLASSES[2]],
        votes=[1, 1],
        conflict=True,
    )
    labels = [
        json.loads(line)
        for line in (tmp_path / 'pseudo_labels.jsonl').read_text().splitlines()
    ]
    assert [x['label'] for x in labels] == [
        *(CLASSES[1], CLASSES[1], CLASSES[0], CLASSES[2], None, None)
    ]
    assert [x['level'] for x in labels] == [-1, 0, 0, -1, -1, -1]
    assert [x['confidence'] for x in labels][::3] == [1, 1]
    # The branch and all: equal shares. Leaf 0: (1 + 1/3) / 2; leaf 1: 4/9.
    assert labels[1]['confidence'] == pytest.approx(2 / 3, abs=1e-6)
    assert labels[2]['confidence'] == pytest.approx(4 / 9, abs=1e-6)
    lines = (tmp_path / 'train.txt').read_text().splitlines()
    assert lines == [
        *('/data/0 1', '/data/1 1', '/data/3 2'),
        f'{os.path.abspath("new.png")} 0',
    ]
    assert labelled.kept(0.5).tolist() == [0, 1, 3]


def test_tables_are_harmless(labelled):
    text = labelled.table()
    assert '\x1b' not in text and r'a\|b' in text
    assert '(conflict)' in text
    assert 'level 0: 2 of 3 branches have votes, 1 of them' in text
    for line in text.splitlines():
        assert (
            not line.startswith('|')
            or line.replace(r'\|', '')[1:].count('|') == 4
        )


def pretraining(name):
    cfg = Config.fromfile(ROOT / 'configs/debug' / name)
    cfg.train_dataloader.batch_size = 8
    return cfg


@pytest.mark.parametrize(
    ('name', 'kind', 'dim'),
    [
        ('hirl-mocov2_resnet18_1xb64-4e_digits.py', 'ResNet', 256),
        (
            'hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits.py',
            'VisionTransformer',
            64,
        ),
        (
            'hirl-mocov3_vit-4x64-p8_1xb64-4e_digits.py',
            'VisionTransformer',
            64,
        ),
        ('hirl-beit_vit-4x64-p8_1xb64-4e_digits.py', 'BEiTViT', 64),
    ],
)
def test_config_of_a_classifier(name, kind, dim, tmp_path):
    cfg = pretraining(name)
    cfg.model.get('target_generator', {}).pop('init_cfg', None)
    init_default_scope(cfg.default_scope)
    trained = MODELS.build(cfg.model).state_dict()
    torch.save(dict(state_dict=trained), tmp_path / 'epoch_4.pth')
    (tmp_path / 'train.txt').write_text('a.png 0\nb.png 1\nc.png 2\n')
    out = tmp_path / 'classifier.py'
    write_classifier_config(
        *(out, cfg, tmp_path / 'epoch_4.pth', tmp_path / 'train.txt'),
        *(CLASSES, 3, 'data'),
    )
    written = Config.fromfile(out)
    model = MODELS.build(written.model)
    assert type(model.backbone).__name__ == kind
    assert model.head.fc.weight.shape == (3, dim)
    # Refused unless the whole backbone fits.
    model.init_weights()
    weights = dict(model.backbone.named_parameters())
    first = next(name for name in weights if name.endswith('weight'))
    network = evaluated_prefix(trained)
    assert torch.equal(weights[first], trained[network + first])
    dataset = dict(written.train_dataloader.dataset)
    assert dataset.pop('type') == 'hirl_mm.LabelledImages'
    assert [step['type'] for step in dataset['pipeline']] == [
        'hirl_mm.LoadImage',
        'mmpretrain.RandomResizedCrop',
        'mmpretrain.PackInputs',
    ]
    read = LabelledImages(**dataset)
    assert read.metainfo['classes'] == tuple(CLASSES)
    assert read.get_data_info(1)['img_path'] == os.path.abspath('data/b.png')
    assert written.train_dataloader.batch_size == 3
    assert written.default_hooks.checkpoint


def test_classifier_with_registers_and_rotary_positions(tmp_path):
    cfg = pretraining('hirl-mocov3_vit-4x64-p8_1xb64-4e_digits.py')
    cfg.model.backbone.update(
        type='hirl_mm.RegisterMoCoV3ViT', num_registers=2, rotary=True
    )
    init_default_scope(cfg.default_scope)
    trained = MODELS.build(cfg.model).state_dict()
    torch.save(dict(state_dict=trained), tmp_path / 'epoch_4.pth')
    (tmp_path / 'train.txt').write_text('a.png 0\nb.png 1\nc.png 2\n')
    out = tmp_path / 'classifier.py'
    write_classifier_config(
        *(out, cfg, tmp_path / 'epoch_4.pth', tmp_path / 'train.txt'),
        *(CLASSES, 3, 'data'),
    )
    written = Config.fromfile(out)
    model = MODELS.build(written.model)
    assert type(model.backbone) is RegisterViT
    model.init_weights()
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, trained[f'backbone.{name}']), name
    decay = written.optim_wrapper.paramwise_cfg.custom_keys
    assert decay['.register_tokens'] == dict(decay_mult=0.0)


@pytest.mark.parametrize('place', ['config', 'model', 'views on the device'])
def test_a_classifier_normalises_as_the_pre_training(place, tmp_path):
    cfg = pretraining('hirl-mocov2_resnet18_1xb64-4e_digits.py')
    own = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)
    if place == 'model':  # before that of the config, as in the Runner
        cfg.model.data_preprocessor = own
    else:
        cfg.data_preprocessor = own
    if place == 'views on the device':
        cfg.data_preprocessor = dict(
            type='hirl_mm.DeviceViews', data_preprocessor=own
        )
    out = tmp_path / 'classifier.py'
    write_classifier_config(out, cfg, 'epoch_4.pth', 'l', ['a'], 1)
    written = Config.fromfile(out).data_preprocessor
    assert written == dict(own, num_classes=1)


def test_other_backbones_are_refused(tmp_path):
    cfg = pretraining('hirl-mocov2_resnet18_1xb64-4e_digits.py')
    cfg.model.backbone = dict(type='SwinTransformer')
    with pytest.raises(ValueError, match='backbone SwinTransformer cannot'):
        write_classifier_config(tmp_path / 'c.py', cfg, 'e', 'l', ['a'], 1)
    assert not list(tmp_path.iterdir())
