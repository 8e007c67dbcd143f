"""Labels of several data sets go by the names of the classes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import RepeatDataset
from mmpretrain.datasets import CustomDataset, MultiLabelDataset

from hirl_mm.datasets.class_alignment import (
    align_classes,
    without_hidden_classes,
)
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.labels import as_list, labels_in
from tests.colour_folders import hide, write_colours
from tests.logged import warnings_of

TYPES = [CustomDataset, FolderImages]


def folder(root, kind=CustomDataset, **options):
    return kind(data_root=str(root), **options)


def names(dataset):
    """Class name of every image, by its label."""
    classes = dataset.metainfo['classes']
    return [classes[k] for (k,) in labels_in(dataset)]


def true_names(dataset):
    """Class name of every image, by its path."""
    infos = map(dataset.get_data_info, range(len(dataset)))
    return [Path(info['img_path']).parent.name for info in infos]


def assert_same_numbers(*datasets):
    """Labels are names, and a name has one label in all data sets."""
    first = datasets[0].metainfo['classes']
    for dataset in datasets:
        assert dataset.metainfo['classes'] == first
        assert names(dataset) == true_names(dataset)


@pytest.mark.parametrize('kind', TYPES)
@pytest.mark.parametrize('serialize_data', [True, False])
def test_split_that_lacks_a_class(kind, serialize_data, tmp_path):
    train = folder(write_colours(tmp_path / 'train'), kind)
    val = folder(
        write_colours(tmp_path / 'val', 'ac'),
        kind,
        serialize_data=serialize_data,
    )
    assert labels_in(val)[-1] == [1]
    with warnings_of() as found:
        assert align_classes({'gallery': train, 'queries': val}) == ['queries']
    assert_same_numbers(train, val)
    assert labels_in(val)[-1] == [2]
    assert len(found) == 1
    assert 'queries: no images of 1 of the 3 classes: b' in found[0]
    assert align_classes({'gallery': train, 'queries': val}) == []


def test_class_that_only_the_validation_has(tmp_path):
    train = folder(write_colours(tmp_path / 'train', 'bc'))
    val = folder(write_colours(tmp_path / 'val', 'abc'))
    with warnings_of() as found:
        align_classes({'gallery': train, 'queries': val})
    assert train.metainfo['classes'] == ('b', 'c', 'a')
    assert_same_numbers(train, val)
    assert len(found) == 1
    assert 'gallery: no images of 1 of the 3 classes: a.' in found[0]
    assert 'count as errors' in found[0]


@pytest.mark.parametrize(
    ('kind', 'annotations'),
    [(CustomDataset, 'data_bytes'), (FolderImages, 'images')],
)
def test_equal_splits_are_not_touched(kind, annotations, tmp_path):
    train = folder(write_colours(tmp_path / 'train'), kind)
    val = folder(write_colours(tmp_path / 'val'), kind)
    before = [getattr(one, annotations) for one in (train, val)]
    with warnings_of() as found:
        assert align_classes({'gallery': train, 'queries': val}) == []
    assert getattr(train, annotations) is before[0]
    assert getattr(val, annotations) is before[1]
    assert not found


@pytest.mark.parametrize('side', ['train', 'val'])
def test_folders_that_are_no_classes(side, tmp_path):
    """An empty one, a hidden one that is empty, a hidden one with images."""
    for split in ('train', 'val'):
        write_colours(tmp_path / split, 'abc')
    (tmp_path / side / '.git').mkdir()
    (tmp_path / side / 'aa').mkdir()
    hide(tmp_path / side)
    sets = {}
    for split in ('train', 'val'):
        dataset = folder(tmp_path / split)
        if split == side:
            assert len(dataset.CLASSES) == 6
            with pytest.raises(ValueError, match=r'hidden.*ipynb_ch.*Delete'):
                align_classes({split: dataset})
        with warnings_of() as found:
            sets[split] = without_hidden_classes(dataset, split)
        assert len(found) == (split == side)
    align_classes(sets)
    assert sets['train'].metainfo['classes'] == ('a', 'b', 'c')
    assert_same_numbers(*sets.values())
    assert len(sets[side]) == 12


def test_empty_folder_behind_all_classes(tmp_path):
    (write_colours(tmp_path) / 'z').mkdir()
    dataset = folder(tmp_path)
    align_classes({'gallery': dataset})
    assert dataset.metainfo['classes'] == ('a', 'b', 'c')


def test_classes_that_are_given_in_another_order(tmp_path):
    train = folder(write_colours(tmp_path / 'train'), classes=list('cab'))
    val = folder(write_colours(tmp_path / 'val', 'ac'))
    align_classes({'gallery': train, 'queries': val})
    assert_same_numbers(train, val)


def listed(tmp_path, name, lines, **options):
    (tmp_path / name).write_text(''.join(f'{line}\n' for line in lines))
    return folder(tmp_path, ann_file=name, **options)


def test_list_against_a_folder(tmp_path):
    """A list of the training images has numbers only."""
    write_colours(tmp_path / 'train')
    lines = [f'train/{name}/0.png {k}' for k, name in enumerate('abc')]
    train = listed(tmp_path, 'train.txt', lines)
    val = folder(write_colours(tmp_path / 'val', 'ac'))
    with warnings_of() as found:
        align_classes({'gallery': train, 'queries': val})
    assert_same_numbers(train, val)
    assert 'no names' not in ' '.join(found)


def test_list_keeps_its_numbers(tmp_path):
    """They need not be in the order of the names, nor without gaps."""
    lines = [f'train/{name}/0.png {k}' for k, name in ((3, 'a'), (1, 'c'))]
    train = listed(tmp_path, 'train.txt', lines)
    val = folder(write_colours(tmp_path / 'val', 'abc'))
    assert align_classes({'gallery': train, 'queries': val}) == ['queries']
    assert labels_in(train) == [[3], [1]]
    assert_same_numbers(train, val)
    assert val.metainfo['classes'] == ('class 0', 'c', 'class 2', 'a', 'b')


def test_list_whose_folders_are_no_classes(tmp_path):
    (tmp_path / 'all').mkdir()
    lines = [f'all/{i}.png {i % 2}' for i in range(4)]
    train = listed(tmp_path, 'train.txt', lines)
    val = folder(write_colours(tmp_path / 'val', 'ac'))
    with warnings_of() as found:
        align_classes({'gallery': train, 'queries': val})
    assert labels_in(train) == [[0], [1], [0], [1]]
    assert 'gallery: the classes have no names, so label 0' in found[0]
    assert "is taken for 'a'" in found[0]


def test_two_lists_of_other_numbers(tmp_path):
    train = listed(tmp_path, 'train.txt', ['a/0.png 0', 'b/0.png 1'])
    val = listed(tmp_path, 'val.txt', ['b/1.png 0'])
    with warnings_of() as found:
        align_classes({'gallery': train, 'queries': val})
    assert labels_in(val) == [[0]]
    assert "folder 'b' has label 0 in queries and 1 in gallery" in found[0]


def test_metainfo_names_the_labels_of_a_list(tmp_path):
    given = dict(metainfo=dict(classes=('c', 'a')))
    train = listed(tmp_path, 'train.txt', ['x.png 0', 'y.png 1'], **given)
    val = folder(write_colours(tmp_path / 'val', 'ac'))
    align_classes({'gallery': train, 'queries': val})
    assert names(train) == ['c', 'a']
    assert names(val) == true_names(val)
    bad = listed(tmp_path, 'bad.txt', ['x.png 2'], **given)
    with pytest.raises(ValueError, match=r'bad one: .*\[2\].*2 classes'):
        align_classes({'bad one': bad, 'queries': val})


def test_names_with_nothing_in_common(tmp_path):
    train = folder(write_colours(tmp_path / 'train', ['a1', 'b1']))
    val = folder(write_colours(tmp_path / 'val', ['a2', 'b2']))
    with pytest.raises(ValueError, match=r'gallery and queries have nothing'):
        align_classes({'gallery': train, 'queries': val})


def test_readable_names_of_the_same_folders(tmp_path):
    """ImageNet's data set has names for people, a plain folder has wnids."""
    readable = dict(metainfo=dict(classes=('red', 'green', 'blue')))
    train = folder(write_colours(tmp_path / 'train'), **readable)
    val = folder(write_colours(tmp_path / 'val', 'ac'))
    align_classes({'gallery': train, 'queries': val})
    assert_same_numbers(train, val)


def test_parts_of_a_concatenation(tmp_path):
    """Each part counts its classes, and MMEngine may be told to ignore it."""
    parts = [
        folder(write_colours(tmp_path / 'one', 'bc')),
        folder(write_colours(tmp_path / 'two', 'ac')),
    ]
    repeated = RepeatDataset(
        dict(type='ConcatDataset', datasets=parts, ignore_keys=['classes']), 2
    )
    val = folder(write_colours(tmp_path / 'val', 'abc'))
    align_classes({'gallery': repeated, 'queries': val})
    assert_same_numbers(val, *parts)
    assert repeated.metainfo['classes'] == val.metainfo['classes']


def test_several_labels_per_image(tmp_path):
    sets = {}
    for name, classes in dict(train='abc', test='ca').items():
        file = tmp_path / f'{name}.json'
        file.write_text(
            f'{{"metainfo": {{"classes": {list(classes)}}}, "data_list": '
            '[{"img_path": "x.png", "gt_label": [0, 1]}]}'.replace("'", '"')
        )
        sets[name] = MultiLabelDataset(ann_file=str(file))
    align_classes(sets)
    assert labels_in(sets['test']) == [[2, 0]]
    assert labels_in(sets['train']) == [[0, 1]]


def test_names_alone_may_be_the_reference(tmp_path):
    val = folder(write_colours(tmp_path / 'val', 'ac'))
    align_classes({'training': ('c', 'b', 'a'), 'test images': val})
    assert val.metainfo['classes'] == ('c', 'b', 'a')
    assert names(val) == true_names(val)


def test_fixed_classes_stay(tmp_path):
    """A name may occur twice, as ``crane`` does in ImageNet's."""
    twice = dict(metainfo=dict(classes=('crane', 'crane')))
    train = listed(tmp_path, 'train.txt', ['x.png 0', 'y.png 1'], **twice)
    val = listed(tmp_path, 'val.txt', ['x.png 1'], **twice)
    assert align_classes({'gallery': train, 'queries': val}) == []


def test_labels_of_any_type():
    found = [3, np.int64(3), np.array(3), torch.tensor(3), [3], (3,)]
    assert [as_list(label) for label in found] == [[3]] * 6
    assert as_list(np.array([1, 2])) == [1, 2]
    for other in (None, 'cat', dict(task=1), 0.5, [0.5, 1]):
        assert as_list(other) == []
