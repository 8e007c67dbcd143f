"""The list of a folder's files, kept from one start to the next."""

import multiprocessing
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets import left_out as left_out_of_stock
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.image_files import (
    LISTED,
    by_class,
    left_out,
    visible_files,
)
from hirl_mm.datasets.left_out import warn_of_left_out
from hirl_mm.datasets.listing import folder_scan, kept_scans
from hirl_mm.datasets.listing.folder_scan import scan_folder
from hirl_mm.datasets.listing.found_images import find_images
from hirl_mm.datasets.listing.kept_scans import kept_scan
from hirl_mm.datasets.listing.scan_file import read_scan, write_scan
from tests.logged import lines_of

FILES = [
    *('cat/1.png', 'cat/2.jpg', 'cat/deep/3.png', 'cat-2/1.png'),
    *('dog/a b.PNG', 'dog/.hidden.png', 'dog/list.txt', 'loose.png'),
    *('dog/4.webp', '.git/5.png', 'dog/.git/6.png', 'fox/\udcff.png'),
]


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder whose list is kept, though it is small and new."""
    monkeypatch.setattr(kept_scans, 'MIN_FILES', 1)
    monkeypatch.setattr(folder_scan, '_SETTLED', 0.0)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'user'))
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    root = tmp_path / 'data' / 'train'
    touch(root, *FILES)
    (root / 'empty').mkdir()
    return root


def kept(root):
    return root.parent / f'.{root.name}.hirl_mm-files.npz'


def walked(root):
    """Relative paths of all files that are not hidden, by os.walk."""
    return sorted(
        os.path.relpath(os.path.join(parent, name), root)
        for parent, _, names in os.walk(root, followlinks=True)
        for name in names
        if not name.startswith('.')
    )


def listed_again(root):
    """Scan with the kept list; return the folders that were listed."""
    known = read_scan(kept(root))
    return scan_folder(root, known)[1]


def test_a_second_start_lists_nothing(root):
    with lines_of() as said:
        scan = kept_scan(root)
    assert sorted(scan.files()) == walked(root)
    assert len(scan) == len(walked(root)) == 11
    assert said == [
        f'the list of 11 files is kept in {kept(root)} for the next start'
    ]
    assert listed_again(root) == []
    before = kept(root).stat()
    with lines_of() as said:
        assert kept_scan(root) == scan
    assert said == [f'{root}: 11 files, as in the list that is kept']
    assert kept(root).stat().st_ino == before.st_ino


def replaced(root):
    """Another folder takes the name of one, with its times."""
    touch(root.parent / 'other', '9.png')
    shutil.copystat(root / 'cat-2', root.parent / 'other')
    shutil.rmtree(root / 'cat-2')
    (root.parent / 'other').rename(root / 'cat-2')


def linked(root):
    touch(root.parent / 'elsewhere', 'x.png')
    (root / 'link').symlink_to(root.parent / 'elsewhere')


def with_old_time(root):
    """What ``rsync --times`` leaves: the folder has its old time."""
    old = (root / 'cat').stat()
    touch(root, 'cat/7.png')
    os.utime(root / 'cat', ns=(old.st_atime_ns, old.st_mtime_ns))


CHANGES = {
    'a file more': lambda root: touch(root, 'cat/9.png'),
    'a file less': lambda root: (root / 'dog/4.webp').unlink(),
    'a new name': lambda root: (root / 'cat/1.png').rename(root / 'cat/0.png'),
    'a folder more': lambda root: touch(root, 'bear/deep/er/1.png'),
    'a folder less': lambda root: shutil.rmtree(root / 'cat'),
    'a folder moved': lambda root: (root / 'cat').rename(root / 'dog/cat'),
    'deep inside': lambda root: touch(root, 'cat/deep/4.png'),
    'in the root': lambda root: touch(root, 'loose2.png'),
    'another folder': replaced,
    'a link': linked,
    'an old time': with_old_time,
}


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
def test_a_changed_folder_is_listed_again(change, root):
    kept_scan(root)
    change(root)
    with lines_of() as said:
        scan = kept_scan(root)
    assert sorted(scan.files()) == walked(root)
    assert 'have changed since they were listed' in said[0]
    assert f': {len(walked(root))} files, 11 before' in said[0]
    assert listed_again(root) == []


def test_only_the_folder_that_changed_is_listed(root):
    kept_scan(root)
    touch(root, 'cat/deep/9.png')
    assert listed_again(root) == ['cat/deep']


def test_a_clock_that_is_coarse_hides_no_file(root, monkeypatch):
    """Two changes within one tick of a file system that counts seconds."""
    monkeypatch.setattr(folder_scan, '_SETTLED', 10.0)
    seconds = 2 * 10**9

    def coarse(path):
        status = os.stat(path)
        times = status.st_mtime_ns, status.st_ctime_ns
        return *(t // seconds * seconds for t in times), status.st_ino

    monkeypatch.setattr(folder_scan, '_stamp_of', coarse)
    first, _ = scan_folder(root)
    touch(root, 'cat/9.png')
    again, _ = scan_folder(root, first)
    assert sorted(again.files()) == walked(root)


@pytest.mark.parametrize('change', [replaced, CHANGES['a file more']])
def test_a_file_system_without_times_of_entries(change, root, monkeypatch):
    """A constant in their place hides neither a file nor a folder."""

    def stat(path):
        real = os.stat(path)
        return SimpleNamespace(
            st_mtime_ns=real.st_mtime_ns, st_ctime_ns=1, st_ino=real.st_ino
        )

    monkeypatch.setattr(folder_scan, 'os', SimpleNamespace(**vars(os)))
    monkeypatch.setattr(folder_scan.os, 'stat', stat)
    first, _ = scan_folder(root)
    change(root)
    assert sorted(scan_folder(root, first)[0].files()) == walked(root)


def test_folders_without_times_are_listed_every_time(root, monkeypatch):
    """As on mounts of object stores; their list is not even kept."""
    for parent, _, _ in os.walk(root):
        os.utime(parent, (0, 0))
    kept_scan(root)
    assert not kept(root).exists()
    first, _ = scan_folder(root)
    assert len(scan_folder(root, first)[1]) == len(first.names)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def flip(path):
    """Change a byte of the names."""
    content = bytearray(path.read_bytes())
    place = content.index(b'loose.png')
    content[place] ^= 1
    path.write_bytes(content)


def other_version(path):
    with np.load(path) as found:
        arrays = dict(found) | dict(version=np.array(99))
    np.savez(path, **arrays)


def without_names(path):
    np.savez(path, version=np.array(1))


DAMAGES = {
    'cut': cut,
    'flipped': flip,
    'text': lambda path: path.write_text('no list'),
    'empty': lambda path: path.write_bytes(b''),
    'version': other_version,
    'no names': without_names,
}


@pytest.mark.parametrize('damage', DAMAGES.values(), ids=DAMAGES)
def test_a_list_that_cannot_be_used_is_made_anew(damage, root):
    scan = kept_scan(root)
    damage(kept(root))
    with lines_of() as said:
        assert kept_scan(root) == scan
    assert f'the list {kept(root)} cannot be used: ' in said[0]
    assert read_scan(kept(root)) == scan


def test_where_the_list_is_kept(root, monkeypatch, tmp_path):
    user = tmp_path / 'user/hirl_mm/lists'
    # No file can be written over a folder, whoever tries.
    kept(root).mkdir()
    scan = kept_scan(root)
    (file,) = user.iterdir()
    assert read_scan(file) == scan
    touch(root, 'cat/9.png')
    assert len(kept_scan(root)) == len(read_scan(file)) == 12
    kept(root).rmdir()
    file.unlink()

    monkeypatch.setenv(kept_scans.VARIABLE, str(tmp_path / 'mine'))
    assert len(kept_scan(root)) == 12
    (file,) = (tmp_path / 'mine').iterdir()
    assert file.name.startswith('train-')
    assert not kept(root).exists()
    other = tmp_path / 'validation' / 'train'
    touch(other, 'a/1.png')
    kept_scan(other)
    assert len(list((tmp_path / 'mine').iterdir())) == 2

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(kept_scans.VARIABLE, 'off')
    file.unlink()
    assert len(kept_scan(root)) == 12
    assert not kept(root).exists() and not file.exists()
    assert not (tmp_path / 'off').exists()
    assert not list(user.iterdir())


def test_no_place_to_keep_it(root, monkeypatch, tmp_path):
    (tmp_path / 'file').touch()
    monkeypatch.setenv(kept_scans.VARIABLE, str(tmp_path / 'file'))
    with lines_of() as said:
        kept_scan(root)
    assert 'set HIRL_MM_LISTS to a folder that can be written' in said[0]


def test_the_later_of_two_lists_is_used(root, tmp_path):
    kept(root).mkdir()
    touch(root, 'cat/9.png')
    kept_scan(root)
    (mine,) = (tmp_path / 'user/hirl_mm/lists').iterdir()
    kept(root).rmdir()
    write_scan(kept(root), folder_scan.FolderScan({'': b''}, {'': (1, 1, 1)}))
    os.utime(kept(root), (1, 1))
    with lines_of() as said:
        kept_scan(root)
    assert said == [f'{root}: 12 files, as in the list that is kept']
    assert mine.exists()


def test_small_folders_leave_no_file(root, monkeypatch):
    monkeypatch.setattr(kept_scans, 'MIN_FILES', 12)
    kept_scan(root)
    assert not kept(root).exists()


def scanned(job):
    root, rank = job
    os.environ['LOCAL_RANK'] = str(rank)
    return kept_scan(root)


def test_processes_that_start_at_once(root):
    """All have the whole list, and the first of a machine writes it."""
    with multiprocessing.get_context('fork').Pool(4) as pool:
        jobs = [(root, 1), (root, 2)]
        scans = pool.map(scanned, jobs, chunksize=1)
        assert not kept(root).exists()
        jobs = [(root, rank) for rank in (0, 1, 0, 2, 0, 3)] * 3
        scans += pool.map(scanned, jobs, chunksize=1)
    assert all(scan == scans[0] for scan in scans)
    assert read_scan(kept(root)) == scans[0]
    assert {*os.listdir(root.parent)} == {kept(root).name, 'train'}


def test_found_images_are_those_of_a_walk(root):
    generator = np.random.default_rng(0)
    for _ in range(80):
        depth = generator.integers(1, 5)
        parts = generator.choice(['a', 'b-1', 'b', 'b1', '.c'], depth)
        suffix = generator.choice(['.jpg', '.PNG', '.webp', '.txt'])
        name = f'{generator.choice(["1", "z"])}{generator.integers(99)}'
        touch(root, '/'.join([*parts, name + suffix]))
    scan, _ = scan_folder(root)
    files = visible_files(root)
    folders = {p.name for p in root.iterdir() if p.is_dir()}
    visible = {name for name in folders if not name.startswith('.')}
    for extensions in LISTED, ('.webp', '.jpg'):
        images = [f for f in files if f.lower().endswith(extensions)]
        found = find_images(scan, extensions, with_label=False)
        assert found.paths == sorted(images)
        assert found.left_out == left_out(files, extensions, False)
        assert found.sizes == {} and found.empty == []

        found = find_images(scan, extensions, with_label=True)
        assert found.paths == by_class(images)
        assert found.left_out == left_out(files, extensions, True)
        tops = [path.partition('/')[0] for path in found.paths]
        assert list(found.sizes) == sorted(set(tops))
        assert found.sizes == {one: tops.count(one) for one in tops}
        assert found.empty == sorted(visible - {*tops})


def test_classes_are_sorted_by_their_names():
    """Also without the folder of the class, as in an index of shards."""
    scan = folder_scan.FolderScan({'a-2': b'1.png', 'a/deep': b'1.png'}, {})
    found = find_images(scan, LISTED, with_label=True)
    assert found.paths == ['a/deep/1.png', 'a-2/1.png']
    assert list(found.sizes) == ['a', 'a-2']


def test_a_data_set_keeps_its_list(root):
    options = dict(data_root=str(root), extensions=('.png',))
    first = FolderImages(**options)
    with lines_of() as said:
        second = FolderImages(**options)
    assert f'{root}/: 11 files, as in the list that is kept' in said
    assert second.images.paths() == first.images.paths()
    assert (second.images.labels == first.images.labels).all()
    touch(root, 'cat/0.png')
    assert len(FolderImages(**options)) == len(first) + 1


def test_what_is_left_out_of_a_stock_data_set_needs_no_list(root, monkeypatch):
    """And the log says how to list a folder once."""
    monkeypatch.setattr(left_out_of_stock, 'MIN_FILES', 1)
    dataset = CustomDataset(data_root=str(root))
    with lines_of() as first:
        warn_of_left_out(dataset, 'training images')
    with lines_of() as second:
        warn_of_left_out(dataset, 'training images')
    assert first[0].startswith('the list of 11 files is kept')
    assert second[0] == f'{root}/: 11 files, as in the list that is kept'
    assert first[1:] == second[1:]
    assert '2 images are left out (1 .webp, 1 in no class' in second[1]
    assert "type='hirl_mm.FolderImages' takes the same" in second[2]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        kept_scan(Path(tmp_path, 'nowhere'))
