"""Which images a folder, shards or a list hold."""

import multiprocessing
import os
import tempfile
from pathlib import Path

import pytest

from hirl_mm.datasets.listing.folder_scan import scan_folder
from hirl_mm.datasets.shards.conversion import convert
from hirl_mm.planning.image_source import image_source
from tests.planned import draw


def classes(root, num=5):
    for name in ('fox', 'cat'):
        for i in range(num):
            draw(root / name / f'{i}.png', i)
    return root


def names(source, root):
    return [os.path.relpath(path, root) for path in source.paths]


def test_a_flat_folder_has_no_labels(flat):
    source = image_source(flat)
    assert source.kind == 'folder' and not source.class_names
    assert names(source, flat) == sorted(p.name for p in flat.iterdir())
    assert source.config['data_root'] == str(flat)


def test_subfolders_are_classes(tmp_path):
    source = image_source(classes(tmp_path))
    assert source.kind == 'class folders'
    assert source.class_names == ('cat', 'fox')
    assert list(source.labels) == [0] * 5 + [1] * 5


def test_labels_are_not_used_if_not_wanted(tmp_path):
    source = image_source(classes(tmp_path), labels=False)
    assert not source.class_names and 'as you asked' in source.note
    assert len(source.paths) == 10


def test_images_beside_classes_are_read(tmp_path):
    draw(classes(tmp_path) / 'loose.png', 7)
    source = image_source(tmp_path)
    assert len(source.paths) == 11 and not source.class_names
    assert '1 images are in no subfolder' in source.note


def test_folders_of_few_images_are_no_classes(tmp_path):
    source = image_source(classes(tmp_path, num=3))
    assert len(source.paths) == 6 and not source.class_names
    assert '2 subfolders for 6 images' in source.note


def test_a_rare_extension_is_read(flat):
    draw(flat / 'one.webp', 9)
    assert len(image_source(flat).paths) == 9


def test_lists(flat):
    ann = flat / 'list.txt'
    ann.write_text('1.jpg\n\n0.png\n')
    source = image_source(ann)
    assert names(source, flat) == ['1.jpg', '0.png']
    assert not source.class_names
    ann.write_text('1.jpg 3\n0.png 1\n')
    assert list(image_source(ann).labels) == [3, 1]
    assert image_source(ann, labels=False).labels == ()


def test_shards(flat, tmp_path):
    out = tmp_path / 'shards'
    convert(flat, out)
    source = image_source(out)
    assert source.kind == 'shards' and len(source.paths) == 8
    assert all(path.startswith('shards://') for path in source.paths)


def test_names_of_any_kind(tmp_path):
    odd = ['a b.png', 'new\nline.png', '\u202eright.png', '😀.png', "'<b>.png"]
    odd += ['{{ fileDirname }}.png', os.fsdecode(b'\xff.png')]
    for i, name in enumerate(odd):
        draw(tmp_path / 'x' / name, i)
    source = image_source(tmp_path / 'x')
    assert sorted(names(source, tmp_path / 'x')) == sorted(odd)


@pytest.mark.parametrize(
    ('make', 'text'),
    [
        (lambda root: None, 'it is empty'),
        (lambda root: (root / 'a.tar').touch(), '1 archives: unpack them'),
        (lambda root: (root / 'a.txt').touch(), 'but 1 other files'),
    ],
)
def test_folders_without_images(tmp_path, make, text):
    make(tmp_path)
    with pytest.raises(ValueError, match=text):
        image_source(tmp_path)


def test_what_is_no_folder_and_no_list(tmp_path):
    with pytest.raises(FileNotFoundError, match='there is no folder or list'):
        image_source(tmp_path / 'none')
    (tmp_path / 'empty.txt').touch()
    with pytest.raises(ValueError, match='it is empty'):
        image_source(tmp_path / 'empty.txt')
    (tmp_path / 'run.py').write_text("_base_ = 'other.py'")
    with pytest.raises(ValueError, match=r'run.py. is a config, not a folder'):
        image_source(tmp_path / 'run.py')


def test_links_in_circles_are_left(flat):
    """A link to a folder on the way to it, also by way of another folder."""
    other = flat.parent / 'other'
    draw(other / 'more.png', 20)
    (flat / 'loop').symlink_to(flat)
    (flat / 'up').symlink_to(flat.parent)
    (flat / 'other').symlink_to(other)
    (other / 'back').symlink_to(flat)
    (other / 'itself').symlink_to('itself')
    scan, _ = scan_folder(flat)
    found = sorted(scan.files())
    assert found == sorted(
        [
            *(p.name for p in flat.iterdir() if p.suffix),
            'other/more.png',
            # No image by its name; as a file, it could not be read.
            'other/itself',
        ]
    )


def list_as_nobody(folder, said):
    os.setuid(65534)
    try:
        image_source(folder)
    except OSError as error:
        said.put(str(error))


@pytest.mark.skipif(os.getuid() != 0, reason='needs another user')
def test_a_folder_that_may_not_be_listed(flat):
    """The error names it. Root may list any folder: another user cannot."""
    shared = Path(tempfile.gettempdir())
    for parent in flat.parents:
        if parent.is_relative_to(shared) and parent != shared:
            parent.chmod(0o755)
    (flat / 'closed').mkdir(mode=0o700)
    context = multiprocessing.get_context('fork')
    said = context.SimpleQueue()
    process = context.Process(target=list_as_nobody, args=(flat, said))
    process.start()
    process.join()
    text = said.get()
    assert 'Permission denied' in text and str(flat / 'closed') in text
