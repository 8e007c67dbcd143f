"""No list leads out of the folder of its images."""

import json
import os
import tarfile

import pytest
from PIL import Image

from hirl_mm.datasets.converters.class_folders import fill_classes
from hirl_mm.datasets.converters.imagenet_subset import subset_annotations
from hirl_mm.datasets.converters.source_files import open_source
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.labelled_images import LabelledImages
from hirl_mm.datasets.list_checks import check_lists
from hirl_mm.datasets.list_files import read_entries, read_paths
from hirl_mm.planning.image_source import image_source

OUT = [
    '../secret.png',
    'a/../../secret.png',
    '..',
    '/etc/passwd.png',
    '/data/imagenet-more/a.png',
    'http://example.org/a.png',
    'file:///etc/passwd.png',
    'a\0.png',
]
IN = [
    *('a.png', './a.png', 'a/../b.png', '..a.png', 'a..png', '.../b.png'),
    *('~/a.png', '~root.png', 'a:b.png', '/data/imagenet/a/b.png'),
    'x' * 5000 + '.png',
]
ROOT = '/data/imagenet'
SAYS = r'list\.txt, line 2: .* leads out of .*, the folder of the images'


def write(folder, *lines):
    file = folder / 'list.txt'
    file.write_text(''.join(f'{line}\n' for line in lines))
    return str(file)


@pytest.mark.parametrize('name', OUT)
def test_out_of_the_folder(name, tmp_path):
    labelled = write(tmp_path, 'a.png 0', f'{name} 1')
    with pytest.raises(ValueError, match=SAYS):
        read_entries(labelled, ROOT)
    for root in ROOT, 's3://bucket/images':
        file = write(tmp_path, 'a.png', name)
        with pytest.raises(ValueError, match=SAYS):
            read_paths(file, ('.png',), root)
    # Without a folder, there is none to lead out of.
    assert read_paths(file, ('.png',)) == ['a.png', name]


@pytest.mark.parametrize('name', IN, ids=lambda name: name[:30])
def test_in_the_folder(name, tmp_path):
    file = write(tmp_path, f'{name} 1')
    assert read_entries(file, ROOT) == [(name, 1)]
    assert read_paths(file, ('.png',), f'{ROOT}/') == [name]


def test_relative_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = str(tmp_path / 'images/a.png')
    assert read_paths(write(tmp_path, inside), (), 'images') == [inside]
    file = write(tmp_path, 'a.png', f'{tmp_path}/images-2/a.png')
    with pytest.raises(ValueError, match=SAYS):
        read_paths(file, (), 'images')


def test_links_in_the_folder_lead_anywhere(tmp_path):
    (tmp_path / 'images').mkdir()
    Image.new('RGB', (2, 2)).save(tmp_path / 'a.png')
    os.symlink(tmp_path / 'a.png', tmp_path / 'images/b.png')
    file = write(tmp_path, 'b.png')
    root = str(tmp_path / 'images')
    dataset = FolderImages(ann_file=file, data_root=root, with_label=False)
    assert dataset.images.paths() == [f'{root}/b.png']


def test_data_sets(tmp_path):
    lists = dict(ann_file=write(tmp_path, 'a.png 0', '../b.png 1'))
    given = lists | dict(data_root=str(tmp_path), data_prefix='images')
    for with_label in True, False:
        with pytest.raises(ValueError, match=SAYS):
            FolderImages(**given, with_label=with_label)
    with pytest.raises(ValueError, match=SAYS):
        LabelledImages(num_classes=2, **given)
    with pytest.raises(ValueError, match=SAYS):
        check_lists(dict(given, type='mmpretrain.CustomDataset'))
    write(tmp_path, 'a.png', '../b.png')
    with pytest.raises(ValueError, match=SAYS):
        check_lists(dict(given, type='CustomDataset', with_label=False))


def test_several_labels(tmp_path):
    entries = [
        dict(img_path=path, gt_label=[0]) for path in ('a.png', '../b.png')
    ]
    file = tmp_path / 'list.json'
    file.write_text(json.dumps(dict(metainfo={}, data_list=entries)))
    cfg = dict(type='MultiLabelDataset', ann_file=str(file))
    check_lists(cfg)
    cfg['data_prefix'] = dict(img_path=str(tmp_path / 'images'))
    with pytest.raises(ValueError, match=r'data_list\[1\]: .* leads out of'):
        check_lists(cfg)


def test_names_of_images_of_a_class(tmp_path):
    train = tmp_path / 'train'
    for name in 'ab':
        (train / name).mkdir(parents=True)
    file = write(tmp_path, 'a_1.png', 'b_/../../../secret.png')
    with pytest.raises(ValueError, match='belong to no folder'):
        subset_annotations(file, train, 2)


def test_a_list_alone_may_name_any_place(tmp_path):
    """The user names the list itself, and no folder."""
    (tmp_path / 'lists').mkdir()
    image = tmp_path / 'a.png'
    Image.new('RGB', (2, 2)).save(image)
    file = write(tmp_path / 'lists', image, image)
    assert image_source(file).paths == [str(image)] * 2
    file = write(tmp_path / 'lists', 'b.png', image)
    with pytest.raises(ValueError, match=SAYS):
        image_source(file)


@pytest.mark.parametrize('name', ['../../../../evil.png', '/evil.png', None])
def test_members_of_archives(name, tmp_path):
    """Members that are links are not seen; no other is placed outside."""
    image, source = tmp_path / 'a.png', tmp_path / 'images.tar'
    Image.new('RGB', (2, 2)).save(image)
    with tarfile.open(source, 'w') as archive:
        archive.add(image, 'data/words.txt')
        archive.add(image, 'data/train/cat/1.png')
        if name is None:
            member = tarfile.TarInfo('data/train/cat/2.png')
            member.type, member.linkname = tarfile.SYMTYPE, '/etc/passwd'
        else:
            member = tarfile.TarInfo(f'data/train/cat/{name}')
        archive.addfile(member)
    out = tmp_path / 'deep/er/out'
    with open_source(source, 'words.txt') as files:
        names = [name for name in files.names() if name != 'words.txt']
        jobs = [(name, name.removeprefix('train/cat/')) for name in names]
        if name is None:
            assert names == ['train/cat/1.png']
            fill_classes(out, files, jobs, None, iter)
            assert (out / '1.png').is_file()
        else:
            with pytest.raises(ValueError, match='leads out of'):
                fill_classes(out, files, jobs, None, iter)
    assert not list(tmp_path.rglob('evil.png'))
