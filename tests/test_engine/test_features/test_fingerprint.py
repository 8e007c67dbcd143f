"""What two fingerprints have to tell apart, and what not."""

import copy
import hashlib
import os
import pickle
import shutil

import numpy as np
import pytest
from mmengine.dataset import BaseDataset
from mmpretrain.datasets import CIFAR10, CustomDataset

from hirl_mm.engine.features.fingerprint import (
    config_fingerprint,
    data_fingerprint,
    data_identity,
    file_fingerprint,
    paths_identity,
    same_data,
)


def write_empty(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def data(root, lines, of=CustomDataset, **options):
    """A labelled data set; its images are not read."""
    root.mkdir(exist_ok=True)
    (root / 'list.txt').write_text('\n'.join(lines))
    return of(
        data_root=str(root), data_prefix='', ann_file='list.txt', **options
    )


LINES = ['a/1.png 0', 'a/2.png 0', 'b/1.png 1']


def test_folder_may_move(tmp_path):
    here = data_fingerprint(data(tmp_path / 'here', LINES))
    shutil.rmtree(tmp_path / 'here')
    assert data_fingerprint(data(tmp_path / 'there', LINES)) == here


@pytest.mark.parametrize(
    'lines',
    [
        ['a/1.png 0', 'a/2.png 1', 'b/1.png 1'],
        ['a/1.png 0', 'a/3.png 0', 'b/1.png 1'],
        ['a/2.png 0', 'a/1.png 0', 'b/1.png 1'],
        LINES[:2],
    ],
    ids=['label', 'name', 'order', 'number'],
)
def test_other_data(lines, tmp_path):
    here = data_fingerprint(data(tmp_path, LINES))
    assert data_fingerprint(data(tmp_path, lines)) != here


def test_order_of_keys_does_not_count():
    assert config_fingerprint(dict(a=1, b=[2, 3])) == config_fingerprint(
        dict(b=[2, 3], a=1)
    )
    assert config_fingerprint(dict(a=1)) != config_fingerprint(dict(a=2))


def test_file(tmp_path):
    content = bytes(range(256)) * 10_000
    (tmp_path / 'file').write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert file_fingerprint(tmp_path / 'file') == expected


def test_identity_does_not_depend_on_how_a_folder_is_read(tmp_path):
    """With or without labels, by prefix or root, moved, lazy, from a list."""
    here, there = tmp_path / 'here', tmp_path / 'there'
    for root in (here, there):
        write_empty(root / 'train', ['a/1.png', 'a/2.png', 'b/1.png'])
    readings = [
        CustomDataset(data_root=str(here), data_prefix='train'),
        CustomDataset(data_root=str(here / 'train')),
        CustomDataset(data_root=f'{here}/train/'),
        CustomDataset(data_root=str(here / 'train'), with_label=False),
        CustomDataset(data_root=str(there), data_prefix='train'),
        CustomDataset(data_root=str(there / 'train'), lazy_init=True),
        CustomDataset(data_root=str(there / 'train'), serialize_data=False),
        data(tmp_path / 'elsewhere', LINES),
        data(tmp_path / 'elsewhere', [f'{line[:-1]}7' for line in LINES]),
    ]
    identities = {data_identity(reading) for reading in readings}
    assert len(identities) == 1
    assert identities == {paths_identity(['a/1.png', 'a/2.png', 'b/1.png'])}


@pytest.mark.parametrize('serialize', [True, False])
@pytest.mark.parametrize(
    'names',
    [
        ['a/1.png', 'a/3.png', 'b/1.png'],
        ['a/2.png', 'a/1.png', 'b/1.png'],
        ['a/1.png', 'a/2.png', 'c/1.png'],
        ['a/1.png', 'a/2.png'],
        ['a/1.png', 'a/2.png', 'b/1.png', 'b/1.png'],
    ],
    ids=['name', 'order', 'folder', 'fewer', 'twice'],
)
def test_identity_of_other_images(names, serialize, tmp_path):
    here = data_identity(data(tmp_path, LINES))
    other = data(
        tmp_path, [f'{name} 0' for name in names], serialize_data=serialize
    )
    assert data_identity(other) != here


def test_identity_of_a_part(tmp_path):
    whole = data(tmp_path, LINES)
    part = whole.get_subset([0, 2])
    assert data_identity(part) != data_identity(whole)
    assert data_identity(part) == paths_identity(['a/1.png', 'b/1.png'])
    assert data_identity(whole.get_subset([2, 0])) != data_identity(part)


def test_identity_reads_what_a_data_set_gives(tmp_path):
    """One that changes its entries is asked for them, copies or not."""

    class Renamed(CustomDataset):
        def get_data_info(self, idx):
            info = super().get_data_info(idx)
            return info | dict(img_path=info['img_path'] + '.jpg')

    for serialize in (True, False):
        renamed = data(tmp_path, LINES, of=Renamed, serialize_data=serialize)
        names = [f'{line[:-2]}.jpg' for line in LINES]
        assert data_identity(renamed) == paths_identity(names)


def test_identity_leaves_the_data_set_as_it_was(tmp_path):
    lines = data(tmp_path, LINES, serialize_data=False)
    before = copy.deepcopy(lines.data_list)
    data_identity(lines)
    assert lines.data_list == before


def test_identity_of_a_single_image(tmp_path):
    """It is the name, wherever it lies; so are odd names."""
    assert paths_identity(['x/a.png']) == paths_identity(['/y/z/a.png'])
    assert paths_identity(['x/a.png']) != paths_identity(['x/b.png'])
    odd = os.fsdecode(b'x/\xff.png')
    assert paths_identity([odd]) != paths_identity(['x/a.png'])


def cifar(root, pixels):
    """MMPreTrain's CIFAR-10, with a few images of its own."""
    folder = root / CIFAR10.base_folder
    folder.mkdir(parents=True)
    entry = {'data': pixels, 'labels': [0] * len(pixels)}
    (folder / 'data_batch_1').write_bytes(pickle.dumps(entry))

    class Few(CIFAR10):
        train_list = (('data_batch_1', None),)

        def _check_integrity(self):
            return True

    return Few(data_root=str(root), metainfo=dict(classes=('a',)))


def test_identity_of_arrays(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 3072), dtype=np.uint8)
    here = data_identity(cifar(tmp_path / 'here', pixels))
    assert len(here) == 64
    assert data_identity(cifar(tmp_path / 'there', pixels)) == here
    assert data_identity(cifar(tmp_path / 'turned', pixels[::-1])) != here
    pixels[4, 77] += 1
    assert data_identity(cifar(tmp_path / 'other', pixels)) != here


def test_identity_without_paths_and_arrays():
    class Sentences(BaseDataset):
        def load_data_list(self):
            return [dict(text='a'), dict(text='b')]

    assert data_identity(Sentences()) == ''


def test_same_data():
    assert same_data('a', 'a') is True
    assert same_data('a', 'b') is False
    for unknown in (('', 'a'), ('a', ''), ('', '')):
        assert same_data(*unknown) is None
