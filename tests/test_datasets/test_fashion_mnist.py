import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hirl_mm.datasets.converters.fashion_mnist import (
    SOURCE,
    fashion_hierarchy,
    read_fashion_mnist,
    write_fashion_mnist,
)
from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from tests.image_folders import contents
from tests.tool_process import run_tool

# The order of the labels in the files of Fashion-MNIST.
NAMES = (
    *('t-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal'),
    *('shirt', 'sneaker', 'bag', 'ankle-boot'),
)
LABELS = {'train': [*range(10), *range(9, -1, -1)], 't10k': [*range(10)]}


def idx(magic, array):
    sizes = struct.pack(f'>{1 + array.ndim}I', magic, *array.shape)
    return sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def source(tmp_path):
    """The four files with few images, the training ones compressed."""
    folder = tmp_path / 'idx'
    folder.mkdir()
    rng = np.random.default_rng(0)
    for stem, labels in LABELS.items():
        images = rng.integers(256, size=(len(labels), 28, 28))
        files = {
            'images-idx3': idx(2051, images),
            'labels-idx1': idx(2049, np.array(labels)),
        }
        for name, content in files.items():
            path = folder / f'{stem}-{name}-ubyte'
            if stem == 'train':
                path = path.with_name(f'{path.name}.gz')
                content = gzip.compress(content)
            path.write_bytes(content)
    return folder


def write(root, source, train=2, val=1):
    return write_fashion_mnist(
        root, source, num_train_per_class=train, num_val_per_class=val
    )


def test_every_image_is_in_the_folder_of_its_class(source, tmp_path):
    root = write(tmp_path / 'out', source)
    files = sorted(root.rglob('*.png'))
    assert len(files) == 30
    images = {
        split: np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
        for split, content in (
            (
                'train',
                gzip.decompress(
                    (source / 'train-images-idx3-ubyte.gz').read_bytes()
                ),
            ),
            ('val', (source / 't10k-images-idx3-ubyte').read_bytes()),
        )
    }
    for path in files:
        split, name, file = path.relative_to(root).parts
        index = int(file[:5])
        labels = LABELS['train' if split == 'train' else 't10k']
        assert NAMES[labels[index]] == name
        image = Image.open(path)
        assert image.mode == 'L'
        assert np.array_equal(np.array(image), images[split][index])


def test_the_first_images_of_every_class(source, tmp_path):
    root = write(tmp_path / 'out', source, train=1)
    stems = {int(path.stem) for path in (root / 'train').rglob('*.png')}
    assert stems == set(range(10))
    again = contents(write(tmp_path / 'again', source, train=1))
    assert again == contents(root)


def test_classes_make_a_tree(source, tmp_path):
    root = write(tmp_path / 'out', source)
    hierarchy = load_hierarchy(root / 'hierarchy.json')
    assert hierarchy == fashion_hierarchy()
    assert set(hierarchy.names('fine')) == set(NAMES)
    folders = {path.name for path in (root / 'train').iterdir()}
    assert folders == set(NAMES)
    group = {name: path[1] for name, path in hierarchy.classes.items()}
    tops = {'t-shirt', 'pullover', 'coat', 'shirt'}
    assert {name for name in NAMES if group[name] == 'top'} == tops
    shoes = {'sandal', 'sneaker', 'ankle-boot'}
    assert {name for name in NAMES if group[name] == 'shoe'} == shoes
    assert len(hierarchy.names('middle')) == 5
    assert len(hierarchy.names('coarse')) == 3


@pytest.mark.parametrize(
    ('name', 'content', 'error', 'match'),
    [
        ('t10k-labels-idx1-ubyte', None, FileNotFoundError, 'install the'),
        ('t10k-labels-idx1-ubyte', b'', ValueError, 'no idx file of 1 dim'),
        (
            't10k-labels-idx1-ubyte',
            idx(2049, np.arange(10))[:-1],
            ValueError,
            'cut off',
        ),
        (
            't10k-labels-idx1-ubyte',
            idx(2051, np.zeros((1, 28, 28))),
            ValueError,
            'no idx file of 1 dimensions',
        ),
        (
            't10k-labels-idx1-ubyte',
            idx(2049, np.arange(9)),
            ValueError,
            '10 images and 9 labels',
        ),
        (
            't10k-labels-idx1-ubyte',
            idx(2049, np.arange(1, 11)),
            ValueError,
            'labels up to 10',
        ),
        ('train-labels-idx1-ubyte.gz', b'\x1f\x8bxx', ValueError, 'broken'),
        ('train-labels-idx1-ubyte.gz', b'none', ValueError, 'broken'),
    ],
)
def test_broken_files_leave_nothing(
    source, tmp_path, name, content, error, match
):
    (source / name).unlink()
    if content is not None:
        (source / name).write_bytes(content)
    with pytest.raises(error, match=match):
        write(tmp_path / 'out', source)
    assert not (tmp_path / 'out').exists()


def test_numbers_out_of_range(source, tmp_path):
    with pytest.raises(ValueError, match='must be at most 2, .* got 3'):
        write(tmp_path / 'out', source, train=3)
    with pytest.raises(ValueError, match='integer of at least 1, got 0'):
        write(tmp_path / 'out', source, val=0)


def test_tool(source, tmp_path):
    tool = 'dataset_converters/fashion_mnist'
    root = tmp_path / 'out'
    words = root, '--source', source, '--num-val-per-class', 1
    few = '--num-train-per-class', 1
    result = run_tool(tool, *map(str, (*words, *few)))
    line = f'{root}: 10 train and 10 val images of 10 classes'
    assert result.stdout.splitlines()[-1] == line
    failed = run_tool(tool, *map(str, words))
    assert failed.returncode == 1
    assert f'error: {root} is in use' in failed.stdout


@pytest.mark.skipif(
    not Path(SOURCE).is_dir(), reason='needs dataset-fashion-mnist'
)
def test_the_released_files():
    images, labels = read_fashion_mnist(SOURCE, 'val')
    assert images.shape == (10_000, 28, 28)
    assert np.bincount(labels).tolist() == [1000] * 10
    # The first test image is an ankle boot: dark at the top, bright at the
    # bottom.
    assert labels[0] == 9
    assert images[0][:7].mean() < 1 < 60 < images[0][14:21].mean()
