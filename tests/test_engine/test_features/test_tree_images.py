"""The images of a tree are found in the order of the training."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.engine.features.tree_images import (
    images_in_folder,
    images_of_config,
)
from tests.colour_folders import hide, write_colours
from tests.trees import random_tree

CLASSES = ['a', 'a-2', 'b']


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Names whose order differs between all paths and class by class."""
    root = write_colours(tmp_path_factory.mktemp('data') / 'train', CLASSES)
    write_colours(root, 'a', num=2, suffix='.webp')
    hide(root)
    return root


def tree_of(dataset):
    tree = random_tree([6, 2], 8, num_samples=len(dataset))
    return replace(tree, data=data_identity(dataset))


def paths_of(dataset):
    infos = map(dataset.get_data_info, range(len(dataset)))
    return [info['img_path'].replace('//', '/') for info in infos]


@pytest.mark.parametrize('kind', [CustomDataset, FolderImages])
@pytest.mark.parametrize('with_label', [True, False])
@pytest.mark.parametrize('more', [(), ('.webp',)])
def test_order_of_the_training(kind, with_label, more, root):
    extensions = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif')
    dataset = kind(
        data_root=str(root),
        with_label=with_label,
        extensions=extensions + more,
    )
    tree = tree_of(dataset)
    found = images_in_folder(tree, root)
    assert found['images'] == paths_of(dataset)
    names = [found['class_names'][label] for label in found['labels']]
    assert names == [Path(path).parent.name for path in found['images']]


def test_other_images_and_other_orders_are_refused(root):
    dataset = CustomDataset(data_root=str(root))
    tree = tree_of(dataset)
    part = tree_of(CustomDataset(data_root=str(root / 'a'), with_label=False))
    with pytest.raises(ValueError, match='holds 12 images but the tree was b'):
        images_in_folder(part, root)
    upside_down = dataset.get_subset(list(range(len(dataset)))[::-1])
    with pytest.raises(ValueError, match=r'another order: .* --config'):
        images_in_folder(tree_of(upside_down), root)
    old = images_in_folder(replace(tree, data=''), root)
    assert len(old['images']) == len(dataset)


@pytest.fixture
def config(root, tmp_path):
    """A function that writes a config with a data set of the folder."""

    def write(**options):
        dataset = dict(type='hirl_mm.FolderImages', data_root=str(root))
        loader = dict(dataset=dataset | options)
        Config(dict(train_dataloader=loader)).dump(tmp_path / 'run.py')
        return Config.fromfile(tmp_path / 'run.py')

    return write


def test_images_of_a_config(root, config, tmp_path):
    lines = ['b/0.png 1', 'a/1.png 0', 'a-2/0.png 0', '']
    (tmp_path / 'list.txt').write_text('\n'.join(lines))
    options = dict(ann_file=str(tmp_path / 'list.txt'))
    tree = tree_of(FolderImages(data_root=str(root), **options))
    found = images_of_config(tree, config(**options))
    folders = [Path(path).parent.name for path in found['images']]
    assert folders == ['b', 'a', 'a-2']
    assert found['labels'] == [1, 0, 0]
    assert 'class_names' not in found
    unlabelled = config(**options, with_label=False)
    assert list(images_of_config(tree, unlabelled)) == ['images']
    with pytest.raises(ValueError, match=r'data of .*run\.py are 12 images'):
        images_of_config(tree, config())
    other = replace(tree, data='f00d')
    with pytest.raises(ValueError, match=r'other images than .*run\.py'):
        images_of_config(other, config(**options))
    tree = tree_of(FolderImages(data_root=str(root)))
    found = images_of_config(tree, config())
    assert tuple(found['class_names']) == tuple(CLASSES)
    assert torch.tensor(found['labels']).bincount().tolist() == [4, 4, 4]
