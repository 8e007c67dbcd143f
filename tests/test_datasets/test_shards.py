"""Images in shards are those of the folder that was converted."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest
from mmengine.fileio import get_text
from mmpretrain.datasets import LoadImageFromFile
from torch.utils.data import DataLoader

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.image_folder import load_images
from hirl_mm.datasets.labelled_images import LabelledImages
from hirl_mm.datasets.read_image import read_image
from hirl_mm.datasets.shards import shard_folder
from hirl_mm.datasets.shards.conversion import check, convert, images_in
from hirl_mm.datasets.shards.locations import read_shards
from hirl_mm.datasets.shards.shard_folder import ShardFolder
from hirl_mm.datasets.shards.shard_index import INDEX, read_index
from hirl_mm.datasets.transforms import LoadImage
from hirl_mm.engine.features.fingerprint import (
    data_fingerprint,
    data_identity,
    paths_identity,
)
from tests.colour_folders import hide, write_colours
from tests.image_folders import contents
from tests.logged import warnings_of

LONG = 'b' * 120


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """``files/train`` and its shards ``shards/train``, of four images each.

    With names that a tar file cannot hold in its header, and files that are
    not converted.
    """
    root = tmp_path_factory.mktemp('data')
    folder = write_colours(
        root / 'files/train', ['a', 'a-2', 'a/deep', LONG, 'c ü'], num=3
    )
    write_colours(folder, ['c ü'], num=1, suffix='.webp')
    os.rename(folder / 'a/0.png', folder / os.fsdecode(b'a/\xff.png'))
    hide(folder)
    (folder / 'a/list.txt').touch()
    (folder / '.hidden.png').touch()
    convert(folder, root / 'shards/train', images_per_shard=4)
    return root


@pytest.fixture
def shards(data, tmp_path):
    """A copy of the shards."""
    return Path(shutil.copytree(data / 'shards', tmp_path / 'copy') / 'train')


def pair(data, **options):
    """The data set of the files and that of the shards."""
    return [
        FolderImages(
            data_root=str(data / kind), data_prefix='train', **options
        )
        for kind in ('files', 'shards')
    ]


@pytest.mark.parametrize('with_label', [True, False])
def test_same_images_labels_and_identity(with_label, data):
    with warnings_of() as said:
        files, shards = pair(data, with_label=with_label)
    assert len(files) == len(shards) == 15
    for i in range(15):
        one, other = files.get_data_info(i), shards.get_data_info(i)
        path, plain = other.pop('img_path'), one.pop('img_path')
        assert path == 'shards://' + plain.replace('/files/', '/shards/')
        assert read_shards(path) == Path(plain).read_bytes()
        assert one == other
    assert files.metainfo == shards.metainfo
    assert data_identity(files) == data_identity(shards)
    assert data_fingerprint(files) == data_fingerprint(shards)
    assert paths_identity(shards.images.paths()) == data_identity(files)
    one, other = (text.replace('/files/', '/shards/') for text in said)
    assert one == other
    assert '1 images are left out (1 .webp)' in one


@pytest.mark.parametrize('load', [LoadImage, LoadImageFromFile])
def test_same_pixels(load, data):
    files, shards = pair(data, pipeline=[load()])
    for one, other in zip(files, shards, strict=True):
        assert np.array_equal(one['img'], other['img'])


@pytest.mark.parametrize(
    'start', ['fork', pytest.param('spawn', marks=pytest.mark.slow)]
)
def test_same_pixels_in_worker_processes(start, data):
    files, shards = pair(data, pipeline=[LoadImage()])
    # This process has read, and opened shards, before workers are forked.
    first = shards[0]['img']
    loader = DataLoader(
        shards,
        batch_size=None,
        shuffle=False,
        num_workers=2 if start == 'fork' else 1,
        multiprocessing_context=start,
    )
    images = [sample['img'] for sample in loader]
    assert np.array_equal(images[0], first)
    for image, sample in zip(images, files, strict=True):
        assert np.array_equal(image, sample['img'])


def test_lists_read_from_shards(data, tmp_path):
    """A list of some images, for evaluations with few labels."""
    (tmp_path / 'list.txt').write_text('a/1.png 1\nc ü/2.png 0\n')
    options = dict(
        data_root=str(data / 'shards'),
        data_prefix='train',
        ann_file=str(tmp_path / 'list.txt'),
        pipeline=[LoadImageFromFile()],
    )
    for dataset in (
        FolderImages(**options),
        LabelledImages(num_classes=2, **options),
    ):
        assert dataset.get_gt_labels().tolist() == [1, 0]
        assert dataset[1]['img'].shape == (32, 32, 3)


def test_pictures_and_lists_of_shards(data):
    files, shards = (
        load_images(data / kind / 'train') for kind in ('files', 'shards')
    )
    assert files['labels'] == shards['labels']
    assert files['class_names'] == shards['class_names']
    for one, other in zip(files['images'], shards['images'], strict=True):
        assert read_image(one).tobytes() == read_image(other).tobytes()


def test_tar_unpacks_the_folder(data, tmp_path):
    for path in sorted((data / 'shards/train').glob('*.tar')):
        subprocess.run(['tar', 'xf', path, '-C', tmp_path], check=True)
    unpacked = contents(tmp_path)
    assert unpacked.pop('.hirl_mm-shard')
    folder = data / 'files/train'
    wanted = {
        name: (folder / name).read_bytes()
        for name in images_in(folder).files()
    }
    assert len(wanted) == 16 and unpacked == wanted
    with tarfile.open(data / 'shards/train/shard-00000.tar') as file:
        assert {(m.mtime, m.uid, m.uname) for m in file} == {(0, 0, '')}


def test_every_image_is_found_by_its_name(data):
    files = sorted(os.listdir(data / 'shards/train'))
    assert files == [*(f'shard-0000{i}.tar' for i in range(4)), INDEX]
    index = read_index(data / 'shards/train')
    names = list(index.scan.files())
    assert [index.number(name) for name in names] == list(range(16))
    assert [index.shard_of(i) for i in range(16)] == [
        *(i // 4 for i in range(16)),
    ]
    for name in ('a', 'a/', 'a/0', 'a/9.png', 'b/1.png', '', 'a/deep/3.png'):
        with pytest.raises(KeyError):
            index.number(name)
    missing = f'shards://{data}/shards/train/a/9.png'
    with pytest.raises(FileNotFoundError, match='train have no image a/9'):
        read_shards(missing)
    with pytest.raises(OSError, match=f'cannot read the image {missing}'):
        LoadImage()(dict(img_path=missing))
    assert LoadImage(ignore_empty=True)(dict(img_path=missing)) is None
    with pytest.raises(FileNotFoundError, match='no folder of .* has shards'):
        read_shards(f'shards://{data}/files/train/a/1.png')


def test_text_in_shards(shards, data):
    """MMEngine's other way to read a file."""
    (data / 'text').mkdir()
    (data / 'text/a.png').write_text('ü')
    convert(data / 'text', data / 'text_shards')
    assert get_text(f'shards://{data}/text_shards/a.png') == 'ü'


def test_identity_of_files_and_shards_together():
    """Of a concatenation one part of which was converted."""
    files = ['data/a/1.png', 'data/b/1.png']
    mixed = ['shards://data/a/1.png', 'data/b/1.png']
    assert paths_identity(mixed) == paths_identity(files)


def opened(match, kind, folder):
    """Opening a folder fails, and a data set does as well."""
    for read in ShardFolder, lambda f: FolderImages(data_root=str(f)):
        with pytest.raises(kind, match=match) as error:
            read(folder)
        assert 'convert' in str(error.value) or 'conversion' in str(
            error.value
        )


def test_a_missing_shard(shards):
    (shards / 'shard-00001.tar').unlink()
    (shards / 'shard-00003.tar').unlink()
    match = r'2 of 4 shards are missing .*: shard-00001\.tar, shard-00003\.tar'
    opened(match, FileNotFoundError, shards)


def test_an_incomplete_shard(shards):
    path = shards / 'shard-00002.tar'
    length = path.stat().st_size
    os.truncate(path, length - 512)
    match = rf'shard-00002\.tar has {length - 512:,} bytes, not {length:,}'
    opened(match, OSError, shards)


def test_an_index_of_other_shards(shards, data, tmp_path):
    """As long, but of images with other names."""
    folder = shutil.copytree(data / 'files/train', tmp_path / 'files')
    (folder / 'a/1.png').rename(folder / 'a/3.png')
    other = convert(folder, tmp_path / 'other', images_per_shard=4)
    shutil.copy(shards / INDEX, tmp_path / 'mine.npz')
    shutil.copy(Path(other.folder, INDEX), shards / INDEX)
    match = r'belongs to other shards than shard-00000\.tar, .*, \.\.\.'
    opened(match, ValueError, shards)
    shutil.copy(tmp_path / 'mine.npz', shards / INDEX)
    path = shards / 'shard-00002.tar'
    content = path.read_bytes()
    match = r'belongs to other shards than shard-00002\.tar:'
    foreign = tarfile.TarInfo('image.jpg')
    foreign.size = 512
    others = {
        'the label of another': content.replace(b' 2', b' 1', 1),
        'another tar file': foreign.tobuf() + b'\xff' * 512,
        'no tar file': b'?' * 512,
    }
    for other in others.values():
        assert other != content
        path.write_bytes(other.ljust(len(content), b'\0'))
        opened(match, ValueError, shards)


def test_bytes_that_have_changed(shards):
    path = shards / 'shard-00000.tar'
    folder = ShardFolder(shards)
    offset = int(folder.index.places.offsets[1])
    with open(path, 'r+b') as file:
        file.seek(offset + 100)
        file.write(b'?')
    first, second, *_ = folder.index.scan.files()
    assert len(folder.read(first)) == folder.index.places.sizes[0]
    with pytest.raises(OSError, match=rf'00000\.tar is damaged.* {second}'):
        folder.read(second)
    os.truncate(path, offset + 10)
    with pytest.raises(OSError, match=r'is damaged: the 10 bytes of '):
        folder.read(second)


def test_a_damaged_index(shards):
    path = shards / INDEX
    path.write_bytes(path.read_bytes()[:-40])
    match = r'shards\.npz is no index of shards, or damaged .*is damaged'
    opened(match, ValueError, shards)
    np.savez(path, version=np.array(1))
    opened(r'or damaged \(.folders.*delete it and', ValueError, shards)


def test_few_files_are_open(shards, monkeypatch):
    monkeypatch.setattr(shard_folder, '_MOST_OPEN', 2)
    folder = ShardFolder(shards)
    names = list(folder.index.scan.files())
    before = len(os.listdir('/proc/self/fd'))
    for name in names + names[::-3]:
        folder.read(name)
        assert len(os.listdir('/proc/self/fd')) <= before + 2
    assert len(os.listdir('/proc/self/fd')) == before + 2


class Stopped(Exception):
    pass


def stop_after(num):
    """Progress that stops the conversion after some shards."""

    def shown(numbers):
        for number in numbers:
            if number == num:
                raise Stopped
            yield number

    return shown


def test_a_stopped_conversion_goes_on(data, tmp_path):
    folder, out = data / 'files/train', tmp_path / 'out'
    with pytest.raises(Stopped):
        convert(folder, out, 4, stop_after(2))
    done = {p: p.stat().st_mtime_ns for p in out.glob('*.tar')}
    assert len(done) == 2
    # What a machine that loses power leaves.
    (out / '.shard-00002-7-ab.tar').write_bytes(b'half')
    convert(folder, out, 4)
    assert {p: p.stat().st_mtime_ns for p in done} == done
    (out / '.shard-00002-7-ab.tar').unlink()
    assert contents(out) == contents(data / 'shards/train')


REPAIRS = {
    'missing': lambda path: path.unlink(),
    'cut': lambda path: os.truncate(path, 700),
    'of another label': lambda path: path.write_bytes(
        path.read_bytes().replace(b' 1', b' 2', 1)
    ),
}


@pytest.mark.parametrize('damage', REPAIRS.values(), ids=REPAIRS)
@pytest.mark.parametrize('with_index', [True, False])
def test_only_what_is_missing_is_written(damage, with_index, data, shards):
    if not with_index:
        shutil.rmtree(shards)
        with pytest.raises(Stopped):
            convert(data / 'files/train', shards, 4, stop_after(3))
    damage(shards / 'shard-00001.tar')
    others = [shards / f'shard-0000{i}.tar' for i in (0, 2)]
    before = [path.stat().st_mtime_ns for path in others]
    convert(data / 'files/train', shards, 4)
    assert [path.stat().st_mtime_ns for path in others] == before
    assert contents(shards) == contents(data / 'shards/train')


def test_shards_of_other_images_stay(data, shards):
    with pytest.raises(ValueError, match='has shards of other images'):
        convert(data / 'files/train/a', shards, 4)
    with pytest.raises(ValueError, match='another number of images each'):
        convert(data / 'files/train', shards, 5)
    assert contents(shards) == contents(data / 'shards/train')


def test_what_cannot_be_converted(tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='found no images in .*empty'):
        convert(tmp_path / 'empty', tmp_path / 'out')
    with pytest.raises(ValueError, match='at least 1, got 0'):
        convert(tmp_path / 'empty', tmp_path / 'out', 0)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        convert(tmp_path / 'nowhere', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_check_compares_names_and_bytes(data, tmp_path):
    folder = shutil.copytree(data / 'files/train', tmp_path / 'files')
    shards = ShardFolder(data / 'shards/train')
    seen = []
    check(shards, folder, lambda numbers: seen.extend(numbers) or numbers)
    assert seen == [0, 1, 2, 3]
    content = bytearray((folder / 'c ü/2.png').read_bytes())
    content[-1] ^= 1
    (folder / 'c ü/2.png').write_bytes(content)
    with pytest.raises(ValueError, match=r'2\.png has changed .*00003\.tar'):
        check(shards, folder)
    (folder / 'c ü/2.png').unlink()
    with pytest.raises(ValueError, match='files has other images than'):
        check(shards, folder)


def test_a_new_conversion_is_read(shards, data, tmp_path):
    """A process that has read the shards sees that they were replaced."""
    before = FolderImages(data_root=str(shards))
    folder = shutil.copytree(data / 'files/train', tmp_path / 'files')
    (folder / 'a/1.png').write_bytes((folder / 'a/2.png').read_bytes())
    shutil.rmtree(shards)
    convert(folder, shards, 5)
    after = FolderImages(data_root=str(shards), pipeline=[LoadImage()])
    assert len(before) == len(after)
    same = {after.get_data_info(i)['img_path']: i for i in range(len(after))}
    images = [
        after[i]['img']
        for p, i in same.items()
        if p[-8:-4] in ('/a/1', '/a/2')
    ]
    assert np.array_equal(*images)
