"""Data sets of a table are those of MMPreTrain, in less memory."""

import copy
import pickle

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset
from mmpretrain.datasets import CustomDataset, ImageNet, KFoldDataset

from hirl_mm.datasets.compact_images import image_labels, image_paths
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.image_table import ImageTable
from hirl_mm.datasets.imagenet_images import ImageNetImages
from hirl_mm.datasets.labels import labels_in
from hirl_mm.engine.features.fingerprint import (
    data_fingerprint,
    data_identity,
)

PATHS = ['b/1.png', 'a/ü 2.png', '/abs/3.png', 'c/\udcff.png', 'a/1.png']
LABELS = [3, 0, 1, 0, 2]


def infos(dataset):
    return [dataset.get_data_info(i) for i in range(len(dataset))]


@pytest.mark.parametrize('root', ['', 'data', 'data/'])
def test_a_table_is_its_lists(root):
    table = ImageTable(PATHS, LABELS, root)
    start = 'data/' if root else ''
    paths = [p if p.startswith('/') else start + p for p in PATHS]
    assert table.paths() == paths
    assert [table.path(i) for i in range(-5, 5)] == paths * 2
    assert table.labels.tolist() == LABELS
    for indices in ([4, 0, 0], slice(1, 4), [], np.array([2])):
        part = table.take(indices)
        assert part.paths() == np.array(paths)[indices].tolist()
        assert part.labels.tolist() == np.array(LABELS)[indices].tolist()
        assert len(part) == len(part.paths())
    assert table.take([1, 3]).take([1]).paths() == paths[3:4]
    with pytest.raises(IndexError):
        table.path(5)
    relative = ImageTable(['x', 'y'], root=root)
    assert relative.paths() == [f'{start}x', f'{start}y']
    assert relative.labels is None


def test_a_table_without_images():
    table = ImageTable([])
    assert len(table) == 0 and table.paths() == []
    assert len(table.take([])) == 0


def test_what_is_no_table():
    with pytest.raises(ValueError, match='character NUL'):
        ImageTable(['a\0b'])
    with pytest.raises(ValueError, match=r'2 paths, .* shape \(1,\)'):
        ImageTable(['a', 'b'], [1])


def test_a_table_is_small():
    names = [f'n{i // 100:08}/n{i // 100:08}_{i}.JPEG' for i in range(5000)]
    table = ImageTable(names, [i // 100 for i in range(5000)], 'data/train')
    assert len(pickle.dumps(table)) < 60 * len(names)


@pytest.fixture(scope='module')
def imagenet(tmp_path_factory):
    """Folder with 1000 class folders, two with a second image."""
    root = tmp_path_factory.mktemp('imagenet')
    for i in range(1000):
        folder = root / 'train' / f'n{i:08}'
        folder.mkdir(parents=True)
        (folder / f'{i}.JPEG').touch()
    for i in 7, 700:
        (root / 'train' / f'n{i:08}' / 'another.JPEG').touch()
    return root


@pytest.fixture(params=['folder', 'ImageNet', 'no labels', 'list'])
def pair(request, imagenet, tmp_path):
    """A data set of this project, and MMPreTrain's with the same options."""
    options = dict(data_root=str(imagenet))
    if request.param == 'ImageNet':
        options |= dict(split='train')
        return ImageNetImages(**options), ImageNet(**options)
    options |= dict(data_prefix='train')
    if request.param == 'no labels':
        options |= dict(with_label=False)
    if request.param == 'list':
        file = tmp_path / 'list.txt'
        file.write_text('n00000009/9.JPEG 4\nn00000003/3.JPEG 0\nx y.png 1')
        options |= dict(ann_file=str(file))
    return FolderImages(**options), CustomDataset(**options)


def test_annotations_are_those_of_mmpretrain(pair):
    ours, theirs = pair
    wanted = infos(theirs)
    assert infos(ours) == wanted
    assert [list(one) for one in infos(ours)] == [list(one) for one in wanted]
    types = {k: type(v) for k, v in ours.get_data_info(0).items()}
    assert types == {k: type(v) for k, v in wanted[0].items()}
    assert ours.get_data_info(-1) == theirs.get_data_info(-1)
    assert image_paths(ours) == [info['img_path'] for info in wanted]
    labels = [info.get('gt_label') for info in wanted]
    assert image_labels(ours) == labels
    assert image_paths(theirs) is image_labels(theirs) is None
    assert labels_in(ours) == labels_in(theirs)
    assert ours.metainfo == theirs.metainfo
    assert len(ours) == len(theirs)
    assert data_identity(ours) == data_identity(theirs)
    assert data_fingerprint(ours) == data_fingerprint(theirs)
    with pytest.raises(IndexError):
        ours.get_data_info(len(ours))
    if 'gt_label' in wanted[0]:
        assert (ours.get_gt_labels() == theirs.get_gt_labels()).all()
        assert ours.get_cat_ids(2) == theirs.get_cat_ids(2)
    else:
        with pytest.raises(KeyError, match='gt_label'):
            ours.get_gt_labels()


@pytest.mark.parametrize('indices', [2, -2, 0, [2, 0, 0], (1,), [-1]])
def test_subsets_are_those_of_mmpretrain(indices, imagenet):
    options = dict(data_root=str(imagenet), data_prefix='train')
    ours = FolderImages(**options)
    theirs = CustomDataset(**options, serialize_data=False)
    assert infos(ours.get_subset(indices)) == infos(theirs.get_subset(indices))
    assert len(ours) == 1002
    again = FolderImages(**options, indices=indices)
    ours.get_subset_(indices)
    theirs.get_subset_(indices)
    assert infos(ours) == infos(again) == infos(theirs)


def test_a_subset_has_a_pipeline_of_its_own(imagenet):
    steps = [dict(type='mmpretrain.RandomFlip', prob=0.5)]
    whole = FolderImages(data_root=str(imagenet), pipeline=steps)
    part = whole.get_subset([1])
    assert part.pipeline.transforms[0] is not whole.pipeline.transforms[0]
    assert copy.deepcopy(whole).images is whole.images


def test_wrappers_and_pickles(imagenet):
    options = dict(data_root=str(imagenet), data_prefix='train')
    ours, theirs = FolderImages(**options), CustomDataset(**options)
    assert infos(pickle.loads(pickle.dumps(ours))) == infos(ours)
    both = [ConcatDataset([one, one]) for one in (ours, theirs)]
    assert both[0].get_data_info(1500) == both[1].get_data_info(1500)
    both = [ClassBalancedDataset(one, 1e-3) for one in (ours, theirs)]
    assert both[0].repeat_indices == both[1].repeat_indices
    kinds = 'hirl_mm.FolderImages', 'CustomDataset'
    both = [
        KFoldDataset(dict(options, type=kind), num_splits=3, seed=0)
        for kind in kinds
    ]
    assert len(both[0]) == len(both[1]) == 668
    assert both[0].get_data_info(5) == both[1].get_data_info(5)


def test_a_lazy_data_set_is_filled_when_it_is_used(imagenet):
    options = dict(data_root=str(imagenet), data_prefix='train')
    for use in (len, infos, lambda d: d.get_subset(3), image_paths):
        lazy = FolderImages(**options, lazy_init=True)
        assert not hasattr(lazy, 'images')
        use(lazy)
        assert len(lazy.images) == 1002


def test_imagenet_wants_its_thousand_folders(imagenet, tmp_path):
    (tmp_path / 'train' / 'n0').mkdir(parents=True)
    (tmp_path / 'train' / 'n0' / '0.JPEG').touch()
    with pytest.raises(ValueError, match='1 of the 1 class folders are none'):
        ImageNetImages(data_root=str(tmp_path), split='train')


class Renamed(FolderImages):
    """A data set of a user, whose annotations are not those of the table."""

    def get_data_info(self, idx):
        info = super().get_data_info(idx)
        return info | dict(img_path=f'{info["img_path"]}!', gt_label=9)


def test_annotations_of_a_subclass_count(imagenet):
    dataset = Renamed(data_root=str(imagenet), data_prefix='train')
    assert image_paths(dataset) is image_labels(dataset) is None
    assert labels_in(dataset)[:2] == [[9], [9]]
    plain = FolderImages(data_root=str(imagenet), data_prefix='train')
    assert data_identity(dataset) != data_identity(plain)
