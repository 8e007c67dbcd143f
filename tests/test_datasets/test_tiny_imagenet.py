"""Tiny ImageNet's official layout, a small one, as an image folder."""

import os

import pytest

from hirl_mm.datasets.converters.tiny_imagenet import write_tiny_imagenet
from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from tests.image_folders import contents, never
from tests.tiny_imagenet_files import (
    IS_A,
    WNIDS,
    write_unpacked,
    write_zip,
)
from tests.tool_process import run_tool


@pytest.fixture
def source(tmp_path):
    return write_unpacked(tmp_path / 'tiny-imagenet-200')


def expected(source):
    """Content of every image that is written, by its path."""
    found = {}
    for number, wnid in enumerate(WNIDS):
        for i in range(2):
            name = f'{wnid}_{i}.JPEG'
            given = source / f'train/{wnid}/images/{name}'
            found[f'train/{wnid}/{name}'] = given.read_bytes()
        name = f'val_{3 - number}.JPEG'
        given = source / f'val/images/{name}'
        found[f'val/{wnid}/{name}'] = given.read_bytes()
    return found


def images_of(root):
    found = contents(root)
    found.pop('dataset.json')
    return found


def test_every_image_is_in_the_folder_of_its_class(source, tmp_path):
    archive = write_zip(tmp_path / 'tiny-imagenet-200.zip', source)
    givens = dict(unpacked=source, above=tmp_path, archive=archive)
    for name, given in givens.items():
        root = write_tiny_imagenet(tmp_path / f'out/{name}', given)
        assert images_of(root) == expected(source)
        assert write_tiny_imagenet(root, 'gone', progress=never) == root
    file = f'train/{WNIDS[0]}/{WNIDS[0]}_0.JPEG'
    (root / file).unlink()
    with pytest.raises(FileExistsError, match='lost or added .7 of 8 in tra'):
        write_tiny_imagenet(root, source)


def test_files_of_a_folder_take_no_space(source, tmp_path, monkeypatch):
    """They are copied where there are no hard links."""
    name = f'{WNIDS[1]}_1.JPEG'
    given = source / f'train/{WNIDS[1]}/images/{name}'
    stored = tmp_path / 'stored.JPEG'
    given.rename(stored)
    given.symlink_to(stored)
    root = write_tiny_imagenet(tmp_path / 'linked', source)
    assert (root / f'train/{WNIDS[1]}/{name}').samefile(stored)
    assert not (root / f'train/{WNIDS[1]}/{name}').is_symlink()

    def no_link(source, target):
        raise OSError('Invalid cross-device link')

    monkeypatch.setattr(os, 'link', no_link)
    root = write_tiny_imagenet(tmp_path / 'copied', source)
    assert not (root / f'train/{WNIDS[1]}/{name}').samefile(stored)
    assert images_of(root) == expected(source)


def test_classes_make_a_tree(source, tmp_path):
    is_a = tmp_path / 'wordnet.is_a.txt'
    is_a.write_text(IS_A)
    root = write_tiny_imagenet(tmp_path / 'out', source, taxonomy=is_a)
    hierarchy = load_hierarchy(root / 'hierarchy.json')
    assert hierarchy.levels == ('class', 'depth 1')
    assert hierarchy.classes == {
        wnid: (wnid, f'n0000000{wnid[-2]}') for wnid in WNIDS
    }
    with pytest.raises(FileExistsError, match='found tiny-imagenet.taxonomy='):
        write_tiny_imagenet(root, source)
    is_a.write_text(IS_A.replace('2 n00000021', '2 n00000022'))
    with pytest.raises(FileExistsError, match='found tiny-imagenet.taxonomy='):
        write_tiny_imagenet(root, source, taxonomy=is_a)
    with pytest.raises(ValueError, match='1 of 4 classes are missing'):
        write_tiny_imagenet(tmp_path / 'other', source, taxonomy=is_a)
    with pytest.raises(FileNotFoundError, match='no taxonomy .*gone: give'):
        write_tiny_imagenet(
            tmp_path / 'other', source, taxonomy=tmp_path / 'gone'
        )
    assert not (tmp_path / 'other').exists()


def drop_class(source):
    for file in (source / f'train/{WNIDS[0]}/images').iterdir():
        file.unlink()


def relabel(old, new):
    def change(source):
        path = source / 'val/val_annotations.txt'
        path.write_text(path.read_text().replace(old, new))

    return change


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (drop_class, 'which have 3; 1 are in one of them alone, .*n00000010'),
        (relabel(WNIDS[2], WNIDS[3]), 'which have 4; 1 are .* n00000020'),
        (relabel('\t0\t32\t44\t62', ''), 'line 1: expected the name of an'),
        (relabel('val_3', '../val_3'), "got '../val_3.JPEG.*n00000010"),
        (
            lambda source: (source / 'val/images/val_2.JPEG').unlink(),
            'has no val/images/val_2.JPEG',
        ),
        (
            lambda source: (source / 'val/val_annotations.txt').unlink(),
            'must have one file val/val_annotations.txt: give',
        ),
    ],
)
def test_incomplete_data_leave_nothing(source, tmp_path, change, match):
    change(source)
    archive = write_zip(tmp_path / 'tiny.zip', source)
    for given in source, archive:
        with pytest.raises((ValueError, FileNotFoundError), match=match):
            write_tiny_imagenet(tmp_path / 'out', given)
        assert not (tmp_path / 'out').exists()


def test_broken_archives(source, tmp_path):
    archive = write_zip(tmp_path / 'tiny.zip', source)
    whole = archive.read_bytes()
    name = f'{WNIDS[0]}_0.JPEG'.encode()
    start = whole.index(b'\xff\xd8\xff', whole.index(name))
    flipped = whole[: start + 9] + b'####' + whole[start + 13 :]
    for content in whole[:-100], flipped:
        archive.write_bytes(content)
        with pytest.raises(ValueError, match='is cut off or broken: download'):
            write_tiny_imagenet(tmp_path / 'out', archive)


def test_tool(source, tmp_path):
    tool = 'dataset_converters/tiny_imagenet'
    root = tmp_path / 'out'
    is_a = tmp_path / 'wordnet.is_a.txt'
    is_a.write_text(IS_A)
    words = source, '--out', root
    result = run_tool(tool, *words, '--taxonomy', is_a)
    line = f'{root}: 8 train and 4 val images of 4 classes'
    assert result.stdout.splitlines()[-1] == line
    assert (root / 'hierarchy.json').is_file()
    failed = run_tool(tool, *words)
    assert failed.returncode == 1
    assert f'error: {root} is in use' in failed.stdout
