"""CIFAR's official files, small ones, as image folders."""

import pickle

import numpy as np
import pytest
from PIL import Image

from hirl_mm.datasets.converters.cifar import write_cifar
from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from tests.cifar_archives import (
    NAMES10,
    NAMES100,
    PARENTS100,
    cifar10,
    cifar100,
    write_archive,
    write_folder,
)
from tests.hostile_files import Call
from tests.image_folders import contents, never
from tests.tool_process import run_tool


@pytest.fixture
def source(tmp_path):
    """The unpacked CIFAR-100."""
    return write_folder(tmp_path / 'cifar-100-python', cifar100()[0])


def written(root, split):
    """Class and pixels of every image, by its index."""
    return {
        int(path.stem): (path.parent.name, np.array(Image.open(path)))
        for path in (root / split).rglob('*.png')
    }


def check_images(found, images, names):
    assert sorted(found) == list(range(len(images)))
    for index, (name, pixels) in found.items():
        assert name == names[index]
        assert np.array_equal(pixels, images[index])


def test_every_image_of_cifar100(source, tmp_path):
    root = write_cifar(tmp_path / 'out', source, 'cifar-100')
    for split, images in cifar100()[1].items():
        names = [*NAMES100] * 3
        check_images(written(root, split), images, names)
    hierarchy = load_hierarchy(root / 'hierarchy.json')
    assert hierarchy.levels == ('class', 'superclass')
    assert hierarchy.classes == {
        name: (name, PARENTS100[i % 2]) for i, name in enumerate(NAMES100)
    }


def test_every_image_of_cifar10(tmp_path):
    """Of all five files, in their order."""
    files, images = cifar10()
    source = write_folder(tmp_path / 'cifar-10-batches-py', files)
    root = write_cifar(tmp_path / 'out', source, 'cifar-10')
    names = [
        NAMES10[label]
        for part in range(5)
        for label in np.roll(range(10), part)
    ]
    check_images(written(root, 'train'), images['train'], names)
    check_images(written(root, 'val'), images['val'], [*NAMES10] * 2)
    hierarchy = load_hierarchy(root / 'hierarchy.json')
    vehicles = {'airplane', 'automobile', 'ship', 'truck'}
    for name in NAMES10:
        kind = 'vehicle' if name in vehicles else 'animal'
        assert hierarchy.classes[name] == (name, kind)


def test_archive_and_folder_above_are_the_same(source, tmp_path):
    archive = write_archive(tmp_path / 'cifar-100-python.tar.gz', source)
    plain = contents(write_cifar(tmp_path / 'a', source, 'cifar-100'))
    # A folder of another data set, with the name of a file of CIFAR-100.
    (tmp_path / 'imagenet/meta').mkdir(parents=True)
    for name, given in ('b', archive), ('c', source.parent):
        root = write_cifar(tmp_path / name, given, 'cifar-100')
        assert contents(root) == plain


def test_the_first_images_of_every_class(source, tmp_path):
    few = dict(num_train_per_class=2, num_val_per_class=1)
    root = write_cifar(tmp_path / 'out', source, 'cifar-100', **few)
    assert sorted(written(root, 'train')) == list(range(8))
    again = write_cifar(
        root, tmp_path / 'gone', 'cifar-100', **few, progress=never
    )
    assert again == root
    with pytest.raises(FileExistsError, match='num_train_per_class=2'):
        write_cifar(root, source, 'cifar-100')
    with pytest.raises(ValueError, match='num_train_per_class must be at m'):
        write_cifar(
            tmp_path / 'more', source, 'cifar-100', num_train_per_class=4
        )
    with pytest.raises(ValueError, match='at least 1, got 0'):
        write_cifar(tmp_path / 'no', source, 'cifar-100', num_val_per_class=0)


def changed(file, **values):
    """Replace entries of a file; None leaves one out."""

    def change(files):
        content = files[file] | values
        files[file] = {k: v for k, v in content.items() if v is not None}

    return change


def replaced(file, content):
    return lambda files: files.update({file: content})


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (lambda files: files.pop('test'), 'has no test: unpack the whole'),
        (lambda files: files.pop('meta'), 'must have one file meta: give'),
        (replaced('test', b''), 'test is no pickle of arrays, or is cut off'),
        (replaced('test', b'photo'), 'test is no pickle of arrays'),
        (replaced('test', [1]), 'test must hold a dictionary, found list'),
        (changed('test', data=None), 'test has no data'),
        (
            changed('test', data=np.zeros((4, 3072))),
            r'data must be bytes of N x 3072, found shape \(4, 3072\) of fl',
        ),
        (
            changed('test', data=np.zeros((4, 12), np.uint8)),
            r'found shape \(4, 12\) of uint8',
        ),
        (changed('test', data=[1, 2]), 'found shape None of None'),
        (changed('test', fine_labels=None), 'test has no fine_labels'),
        (
            changed('test', fine_labels=[0, 1, 2]),
            'fine_labels must be 4 numbers from 0 to 3',
        ),
        (
            changed('test', fine_labels=[0, 1, 2, 4]),
            r'from 0 to 3, one for every image, found \[0, 1, 2, 4\]',
        ),
        (
            changed('test', coarse_labels=[0, 1, 0, 0]),
            "class 'woman' has no image, or images of several superclasses",
        ),
        (
            changed('meta', fine_label_names=[*NAMES100, 'tree']),
            "class 'tree' has no image",
        ),
        (
            changed('meta', fine_label_names=['..', *NAMES100[1:]]),
            'meta: fine_label_names must be a list of names of letters',
        ),
        (changed('meta', coarse_label_names=3), 'coarse_label_names must be'),
    ],
)
def test_broken_files_leave_nothing(tmp_path, change, match):
    files, _ = cifar100()
    change(files)
    source = write_folder(tmp_path / 'cifar-100-python', files)
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        write_cifar(tmp_path / 'out', source, 'cifar-100')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('protocol', [2, 5])
def test_pickles_run_no_code(source, tmp_path, protocol):
    marker = tmp_path / 'ran'
    harm = pickle.dumps(Call(open, str(marker), 'w'), protocol)
    (source / 'train').write_bytes(harm)
    with pytest.raises(ValueError, match=r'holds \w+.open, which may run'):
        write_cifar(tmp_path / 'out', source, 'cifar-100')
    assert not marker.exists()


def test_every_cut_pickle_is_an_error(source, tmp_path):
    whole = (source / 'test').read_bytes()
    for size in range(0, len(whole), 211):
        (source / 'test').write_bytes(whole[:size])
        with pytest.raises(ValueError, match='test is no pickle of arrays'):
            write_cifar(tmp_path / 'out', source, 'cifar-100')


@pytest.mark.parametrize(
    'change', [lambda c: c[: len(c) // 2], lambda c: c[:5], lambda c: b'page']
)
def test_broken_archives(source, tmp_path, change):
    archive = write_archive(tmp_path / 'cifar-100-python.tar.gz', source)
    archive.write_bytes(change(archive.read_bytes()))
    match = 'tar.gz is no tar or zip .* broken'
    with pytest.raises(ValueError, match=match) as caught:
        write_cifar(tmp_path / 'out', archive, 'cifar-100')
    assert '\n' not in f'{caught.value}'


def test_other_data_sets(source, tmp_path):
    archive = write_archive(tmp_path / 'other.tar.gz', source)
    for given in source, archive:
        match = 'must have one file batches.meta: give'
        with pytest.raises(FileNotFoundError, match=match):
            write_cifar(tmp_path / 'out', given, 'cifar-10')
    write_folder(tmp_path / 'copy', {'meta': b''})
    with pytest.raises(FileNotFoundError, match='one file meta but 2 of it'):
        write_cifar(tmp_path / 'out', tmp_path, 'cifar-100')
    with pytest.raises(FileNotFoundError, match='no .*gone: give the file'):
        write_cifar(tmp_path / 'out', tmp_path / 'gone', 'cifar-100')
    with pytest.raises(ValueError, match="cifar-10, cifar-100, got 'svhn'"):
        write_cifar(tmp_path / 'out', source, 'svhn')


def test_tool(source, tmp_path):
    tool = 'dataset_converters/cifar'
    root = tmp_path / 'out'
    words = 'cifar-100', source, '--out', root, '--num-val-per-class', 1
    result = run_tool(tool, *words, '--num-train-per-class', 2)
    line = f'{root}: 8 train and 4 val images of 4 classes'
    assert result.stdout.splitlines()[-1] == line
    failed = run_tool(tool, *words)
    assert failed.returncode == 1
    assert f'error: {root} is in use' in failed.stdout
