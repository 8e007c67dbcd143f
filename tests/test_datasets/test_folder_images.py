"""The images of a folder: which are read, in which order, what is said."""

import pytest
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.folder_images import FolderImages, number_folders
from hirl_mm.datasets.left_out import warn_of_left_out
from hirl_mm.registry import DATASETS
from tests.colour_folders import hide, write_colours
from tests.logged import warnings_of


def infos(dataset):
    return [dataset.get_data_info(i) for i in range(len(dataset))]


@pytest.mark.parametrize('with_label', [True, False])
@pytest.mark.parametrize('classes', [None, list('cba')])
def test_same_images_as_the_custom_data_set(with_label, classes, tmp_path):
    """Where folders are clean; the orders with and without labels differ."""
    write_colours(tmp_path, ['a', 'a-2', 'a/deep', 'b'], num=2)
    options = dict(data_root=str(tmp_path), with_label=with_label)
    ours, theirs = FolderImages(**options), CustomDataset(**options)
    assert infos(ours) == infos(theirs)
    assert ours.metainfo == theirs.metainfo
    paths = [info['img_path'] for info in infos(ours)]
    assert (paths == sorted(paths)) is not with_label


def test_hidden_and_empty_folders_are_no_classes(tmp_path):
    write_colours(tmp_path)
    hide(tmp_path)
    hide(tmp_path / 'a')
    (tmp_path / 'aa').mkdir()
    with warnings_of() as found:
        dataset = FolderImages(data_root=str(tmp_path))
    assert dataset.CLASSES == ('a', 'b', 'c')
    assert dataset.get_gt_labels().tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert found == [f'{tmp_path}/: folders without images are no classes: aa']
    flat = FolderImages(data_root=str(tmp_path), with_label=False)
    assert len(flat) == 12


def test_classes_number_the_folders_by_name(tmp_path):
    write_colours(tmp_path, 'ac')
    dataset = FolderImages(data_root=str(tmp_path), classes=list('cba'))
    assert dataset.get_gt_labels().tolist() == [2] * 4 + [0] * 4
    file = tmp_path / 'classes.txt'
    file.write_text('c\nb\na\n\n')
    dataset = FolderImages(data_root=str(tmp_path), classes=str(file))
    assert dataset.CLASSES == ('c', 'b', 'a')
    assert dataset.get_gt_labels().tolist() == [2] * 4 + [0] * 4
    with pytest.raises(ValueError, match=r'1 of the 2 class folders.*: c\.'):
        FolderImages(data_root=str(tmp_path), classes=list('abd'))
    assert number_folders(['n1', 'n2'], ['cat', 'dog']) == dict(n1=0, n2=1)


@pytest.mark.parametrize('kind', [CustomDataset, FolderImages])
def test_images_that_are_left_out_are_counted(kind, tmp_path):
    write_colours(tmp_path, 'ab')
    write_colours(tmp_path, 'b', num=3, suffix='.webp')
    write_colours(tmp_path, 'a', num=1, suffix='.TIFF')
    write_colours(tmp_path, ['b/.git'], num=2, suffix='.webp')
    (tmp_path / 'a' / 'list.txt').touch()
    (tmp_path / 'a' / '0.png').rename(tmp_path / 'loose.png')

    def said(**options):
        with warnings_of() as found:
            dataset = kind(data_root=str(tmp_path), **options)
            warn_of_left_out(dataset, 'training images')
        return found, len(dataset)

    (text,), num = said()
    assert num == 7
    assert f'{tmp_path}/: 5 images are left out' in text
    assert '(1 .tiff, 3 .webp, 1 in no class folder)' in text
    assert "extensions=('.bmp', '.jpeg'" in text
    assert "'.tiff', '.webp')" in text
    assert 'with_label=False' in text
    (text,), num = said(with_label=False, extensions=('.png', '.webp'))
    assert num == 11 + 2 * (kind is CustomDataset)
    assert '1 images are left out (1 .tiff)' in text
    every = ('.png', '.webp', '.tiff')
    found, num = said(with_label=False, extensions=every)
    assert not found
    assert num == 12 + 2 * (kind is CustomDataset)


def test_a_folder_without_images_says_what_it_looks_for(tmp_path):
    write_colours(tmp_path, 'a', suffix='.webp')
    with pytest.raises(RuntimeError, match=r'no images with .*\.jpeg.*class'):
        FolderImages(data_root=str(tmp_path))


LISTS = {
    'an empty last line': 'a/0.png 0\nb/1.png 1\n\n',
    'tabs': 'a/0.png\t0\nb/1.png\t1\n',
    'Windows': '\ufeffa/0.png 0\r\n \r\nb/1.png 1 \r\n',
    'no last line end': '\na/0.png  0\nb/1.png 1',
}


@pytest.mark.parametrize('text', LISTS.values(), ids=LISTS)
def test_lists_are_read(text, tmp_path):
    (tmp_path / 'list.txt').write_text(text)
    options = dict(data_root=str(tmp_path), ann_file='list.txt')
    with_label = FolderImages(**options, data_prefix='train')
    assert with_label.get_gt_labels().tolist() == [0, 1]
    paths = [info['img_path'] for info in infos(with_label)]
    assert paths == [
        f'{tmp_path}/train/{name}' for name in ('a/0.png', 'b/1.png')
    ]
    same = FolderImages(**options, data_prefix='train', with_label=False)
    assert [info['img_path'] for info in infos(same)] == paths
    bare = text.replace(' 0', '').replace(' 1', '')
    (tmp_path / 'list.txt').write_text(bare)
    same = FolderImages(**options, data_prefix='train', with_label=False)
    assert [info['img_path'] for info in infos(same)] == paths


def test_a_path_may_contain_spaces_and_numbers(tmp_path):
    (tmp_path / 'list.txt').write_text('my cat 1.png 0\nimage 7\n')
    options = dict(data_root=str(tmp_path), ann_file='list.txt')
    dataset = FolderImages(**options, with_label=False)
    names = [info['img_path'] for info in infos(dataset)]
    assert names == [f'{tmp_path}/my cat 1.png', f'{tmp_path}/image 7']


def test_a_line_without_label_is_named(tmp_path):
    (tmp_path / 'list.txt').write_text('a/0.png 0\n\nb/1.png one\n')
    with pytest.raises(
        ValueError, match=r"list\.txt, line 3: .*'b/1.png one'"
    ):
        FolderImages(data_root=str(tmp_path), ann_file='list.txt')


def test_the_registry_knows_it(tmp_path):
    write_colours(tmp_path)
    cfg = dict(type='hirl_mm.FolderImages', data_root=str(tmp_path))
    assert isinstance(DATASETS.build(cfg), FolderImages)
