import os

import pytest
import torch
from mmengine.dataset import ConcatDataset
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.image_digests import changed_images, image_digests

NAMES = 'a/1.png', 'a/2.png', 'b/1.png'


def folder(root, names=NAMES):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b'')
    return root


def digests(root, kind=FolderImages, **options):
    return image_digests(kind(data_root=str(root), **options))


def test_names_below_the_folder_count(tmp_path):
    first = digests(folder(tmp_path / 'first'))
    assert first.shape == (3,) and first.dtype == torch.int64
    assert len(first.unique()) == 3
    folder(tmp_path / 'second/images')
    assert torch.equal(
        digests(tmp_path / 'second', data_prefix='images/'), first
    )
    assert torch.equal(digests(tmp_path / 'first', CustomDataset), first)
    (tmp_path / 'first/a/1.png').unlink()
    assert torch.equal(digests(tmp_path / 'first'), first[1:])


def test_undecodable_names(tmp_path):
    folder(tmp_path)
    os.rename(
        os.fsencode(tmp_path / 'a/1.png'),
        os.fsencode(tmp_path) + b'/a/\xff.png',
    )
    assert len(digests(tmp_path).unique()) == 3


def test_each_image_once(tmp_path):
    one = FolderImages(data_root=str(folder(tmp_path / 'one')))
    two = FolderImages(data_root=str(folder(tmp_path / 'two', ['c/9.png'])))
    both = ConcatDataset([one, two, one], ignore_keys='classes')
    assert torch.equal(
        image_digests(both),
        torch.cat([image_digests(one), image_digests(two)]),
    )


def test_arrays_have_no_names(tmp_path):
    class Arrays(CustomDataset):
        def load_data_list(self):
            return [dict(img=[[0]]), dict(img=[[1]])]

    assert image_digests(Arrays(data_root=str(folder(tmp_path)))) is None


@pytest.mark.parametrize(
    ('now', 'said'),
    [
        ([1, 2, 3], None),
        ([1, 2], '0 images were added, 1 is gone, 2 are as before'),
        ([1, 7, 3, 8], '2 images were added, 1 is gone, 2 are as before'),
        ([4], '1 image was added, 3 are gone, 0 are as before'),
        ([3, 2, 1], 'the images are the same, in another order or number'),
        ([1, 2, 3, 3], 'the images are the same, in another order or number'),
    ],
)
def test_what_is_said(now, said):
    before = torch.tensor([1, 2, 3])
    assert changed_images(before, torch.tensor(now)) == said
