import json
import os
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hirl_mm.datasets.embedded import (
    shape_hierarchy,
    write_digits,
    write_shapes,
)
from hirl_mm.datasets.embedded.outlines import OUTLINES
from hirl_mm.datasets.hierarchy import load_hierarchy

REPOSITORY = Path(__file__).parents[2]
TINY = {'image_size': 32, 'num_train_per_class': 2, 'num_val_per_class': 1}


@pytest.fixture(scope='module')
def digits(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp('data') / 'digits')


@pytest.fixture(scope='module')
def shapes(tmp_path_factory):
    return write_shapes(
        tmp_path_factory.mktemp('data') / 'shapes',
        num_train_per_class=15,
        num_val_per_class=6,
    )


def contents(root):
    """Relative path -> bytes of every file of a folder."""
    files = (p for p in root.rglob('*') if p.is_file())
    return {str(p.relative_to(root)): p.read_bytes() for p in files}


def load(root, split):
    """Images (N, H, W, 3) and labels (N,) by sorted class folder."""
    images, labels = [], []
    for label, folder in enumerate(sorted((root / split).iterdir())):
        for path in sorted(folder.iterdir()):
            images.append(np.array(Image.open(path)))
            labels.append(label)
    return np.stack(images), np.array(labels)


# --- digits


def test_digits_split(digits):
    paths = [p.relative_to(digits) for p in digits.rglob('*.png')]
    assert Counter(p.parts[0] for p in paths) == {'train': 1500, 'val': 297}
    ids = [int(p.stem) for p in paths]
    assert sorted(ids) == list(range(1797))
    target = load_digits().target
    assert all(target[int(p.stem)] == int(p.parts[1]) for p in paths)
    val = np.bincount([int(p.parts[1]) for p in paths if p.parts[0] == 'val'])
    wanted = np.bincount(target) * 297 / 1797
    assert np.abs(val - wanted).max() < 1


def test_digits_are_those_of_scikit_learn(digits, tmp_path):
    wanted = load_digits().images * 255 / 16
    found = []
    for path in sorted(digits.rglob('*.png'))[::25]:
        image = Image.open(path)
        assert (image.mode, image.size) == ('RGB', (32, 32))
        small = image.convert('L').resize((8, 8), Image.Resampling.BOX)
        error = np.abs(np.array(small, dtype=float) - wanted).mean((1, 2))
        assert error[int(path.stem)] < 17  # of 255; enlarging smooths
        found.append(error.argmin() == int(path.stem))
    assert np.mean(found) > 0.98  # nearer to its own than to any other one

    unscaled = write_digits(tmp_path / 'digits', image_size=8)
    for path in sorted(unscaled.rglob('*.png'))[::25]:
        image = np.array(Image.open(path))
        assert np.abs(image - wanted[int(path.stem)][..., None]).max() <= 0.5


def test_digits_depend_on_the_seed_alone(digits, tmp_path):
    again = contents(write_digits(tmp_path / 'again'))
    assert again == contents(digits)
    other = contents(write_digits(tmp_path / 'other', seed=1, image_size=8))
    assert set(other) != set(again)


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        ({'image_size': 7}, 'image_size must be an integer of at least 8'),
        ({'image_size': 32.5}, 'image_size must be an integer .* got 32.5'),
        ({'num_val': 9}, 'num_val must be an integer of at least 10, got 9'),
        ({'num_val': 1788}, 'num_val must leave .* at most 1787 .* got 1788'),
        ({'seed': -1}, 'seed must be an integer of at least 0, got -1'),
    ],
)
def test_digits_errors(tmp_path, arguments, match):
    with pytest.raises(ValueError, match=match):
        write_digits(tmp_path / 'digits', **arguments)
    assert not any(tmp_path.iterdir())


# --- shapes


def test_shapes_folder(shapes):
    hierarchy = load_hierarchy(shapes / 'hierarchy.json')
    assert hierarchy == shape_hierarchy()
    names = [hierarchy.names(level) for level in hierarchy.levels]
    assert [len(n) for n in names] == [36, 12, 4]
    for split, num in (('train', 15), ('val', 6)):
        folders = sorted((shapes / split).iterdir())
        assert tuple(f.name for f in folders) == names[0]
        wanted = {f'{i:05d}.png' for i in range(num)}
        assert all({p.name for p in f.iterdir()} == wanted for f in folders)
    images, _ = load(shapes, 'val')
    assert images.shape == (216, 64, 64, 3)
    assert images.dtype == np.uint8


def test_shapes_depend_on_the_seed_alone(tmp_path):
    first = contents(write_shapes(tmp_path / 'first', **TINY))
    again = contents(write_shapes(tmp_path / 'again', **TINY))
    assert first == again
    other = contents(write_shapes(tmp_path / 'other', **TINY, seed=1))
    assert set(other) == set(first)
    images = [name for name in first if name.endswith('.png')]
    assert all(first[name] != other[name] for name in images)
    # no two images are alike, neither across splits nor across classes
    assert len({first[name] for name in images}) == len(images) == 108


def test_more_shapes_keep_the_first_ones(tmp_path):
    few = contents(write_shapes(tmp_path / 'few', **TINY))
    more = {**TINY, 'num_train_per_class': 3, 'num_val_per_class': 2}
    many = contents(write_shapes(tmp_path / 'many', **more))
    del few['dataset.json']
    assert few.items() <= many.items()


def test_shapes_are_whole_and_their_colours_differ_in_gray(shapes):
    images, _ = load(shapes, 'val')
    gray = images @ np.array([0.299, 0.587, 0.114])
    border = np.concatenate(
        [gray[:, 0], gray[:, -1], gray[:, :, 0], gray[:, :, -1]], axis=1
    )
    background = gray[:, 0, 0]
    assert np.abs(border - background[:, None]).max() < 1
    inside = np.abs(gray - background[:, None, None]) > 10
    assert inside.mean(axis=(1, 2)).min() > 0.05
    for image, mask in zip(gray, inside, strict=True):
        low, high = np.quantile(image[mask], [0.1, 0.9])
        assert high - low > 20


def test_no_shape_looks_like_another_one_turned_or_mirrored():
    """Two shapes overlap less than 0.9, whatever the allowed motion."""

    def mask(outline, mirror=1, degrees=0):
        angle = np.deg2rad(degrees)
        turn = [
            [np.cos(angle), np.sin(angle)],
            [-np.sin(angle), np.cos(angle)],
        ]
        points = 32 + 30 * (outline * (mirror, 1)) @ np.array(turn)
        image = Image.new('1', (64, 64))
        ImageDraw.Draw(image).polygon([tuple(p) for p in points], fill=1)
        return np.array(image)

    shapes = {n: o for family in OUTLINES.values() for n, o in family.items()}
    moved = {
        name: np.stack(
            [mask(o, m, d) for m in (-1, 1) for d in range(-50, 51, 5)]
        )
        for name, o in shapes.items()
    }
    for one, other in combinations(shapes, 2):
        still = mask(shapes[one])
        union = (moved[other] | still).sum(axis=(1, 2))
        overlap = (moved[other] & still).sum(axis=(1, 2)) / union
        assert overlap.max() < 0.9, (one, other)


def colour_features(images):
    """Mean colour of background and shape (N, 6), histograms (N, 24)."""
    means, histograms = [], []
    for image in images / 255:
        shape = image[np.abs(image - image[0, 0]).max(axis=-1) > 0.05]
        means.append([*image[0, 0], *shape.mean(axis=0)])
        histograms.append(
            [np.histogram(shape[:, c], 8, (0, 1))[0] for c in range(3)]
        )
    histograms = np.reshape(histograms, (len(images), -1))
    return np.array(means), histograms / histograms.sum(1, keepdims=True)


def gradient_features(images):
    """(N, 512): histograms of gray gradients, 8 directions, 8x8 cells."""
    gray = images @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    dy, dx = np.gradient(gray, axis=(1, 2))
    sector = (np.arctan2(dy, dx) % np.pi / np.pi * 8).astype(int) % 8
    votes = [np.where(sector == k, np.hypot(dx, dy), 0) for k in range(8)]
    blocks = [v.reshape(len(images), 8, 8, 8, 8) for v in votes]
    cells = np.stack([b.sum(axis=(2, 4)) for b in blocks], axis=-1)
    cells = cells.reshape(len(images), -1)
    return np.sqrt(cells / cells.sum(axis=1, keepdims=True))


@pytest.fixture(scope='module')
def labelled(shapes):
    hierarchy = load_hierarchy(shapes / 'hierarchy.json')
    (train, y), (val, z) = load(shapes, 'train'), load(shapes, 'val')
    labels = {
        level: (hierarchy.labels(y, level), hierarchy.labels(z, level))
        for level in hierarchy.levels
    }
    return train, val, labels


def test_colours_do_not_tell_the_class(labelled):
    train, val, labels = labelled
    means, histograms = colour_features(train)
    val_means, val_histograms = colour_features(val)
    forest = RandomForestClassifier(50, random_state=0)
    linear = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, max_iter=300)
    )
    for level, (y, z) in labels.items():
        chance = 1 / len(set(y))
        margin = 4 * np.sqrt(chance * (1 - chance) / len(z))
        by_mean = forest.fit(means, y).score(val_means, z)
        assert by_mean < chance + margin, level
        by_histogram = linear.fit(histograms, y).score(val_histograms, z)
        assert by_histogram < chance + margin, level


def test_gray_gradients_tell_the_class_on_every_level(labelled):
    train, val, labels = labelled
    features = gradient_features(train)
    val_features = gradient_features(val)
    flipped = gradient_features(val[:, :, ::-1])
    forest = RandomForestClassifier(60, random_state=0)
    floor = {'fine': 0.4, 'middle': 0.75, 'coarse': 0.75}
    for level, (y, z) in labels.items():
        forest.fit(features, y)
        assert forest.score(val_features, z) > floor[level], level
        assert forest.score(flipped, z) > floor[level], level


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        ({'image_size': 31}, 'image_size must be an integer of at least 32'),
        ({'num_train_per_class': 0}, 'num_train_per_class must .* least 1'),
        ({'num_val_per_class': 0}, 'num_val_per_class must .* least 1'),
        ({'seed': -1}, 'seed must be an integer of at least 0, got -1'),
    ],
)
def test_shapes_errors(tmp_path, arguments, match):
    with pytest.raises(ValueError, match=match):
        write_shapes(tmp_path / 'shapes', **arguments)
    assert not any(tmp_path.iterdir())


# --- folders


def never(jobs):
    raise AssertionError('the folder was written, not reused')


def test_record(digits):
    assert json.loads((digits / 'dataset.json').read_text()) == {
        'dataset': 'digits',
        'parameters': {
            'image_size': 32,
            'num_val': 297,
            'seed': 0,
            'version': 1,
        },
        'contents': {'train': 1500, 'val': 297},
    }


def test_reuse(digits, tmp_path):
    assert write_digits(str(digits), progress=never) == digits
    link = tmp_path / 'link'
    link.symlink_to(digits)
    assert write_digits(link, progress=never) == link


@pytest.mark.parametrize('error', [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize('write', [write_digits, write_shapes])
def test_interruption_leaves_nothing(tmp_path, write, error):
    def interrupted(jobs):
        yield from jobs[:20]
        written = list(tmp_path.rglob('*.png'))
        assert len(written) == 20
        assert not (tmp_path / 'deep' / 'data' / 'train').exists()
        raise error('stop')

    with pytest.raises(error, match='stop'):
        write(tmp_path / 'deep' / 'data', progress=interrupted)
    assert not any((tmp_path / 'deep').iterdir())


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'data').symlink_to(tmp_path / 'disk')
    root = write_shapes(tmp_path / 'data', **TINY)
    assert root.is_symlink()
    assert (tmp_path / 'disk' / 'dataset.json').is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ['data', 'disk']


def test_two_writers_at_once(tmp_path):
    def write_between(seed):
        def progress(jobs):
            yield from jobs[:20]
            write_shapes(root, **TINY, seed=seed)
            yield from jobs[20:]

        return progress

    root = tmp_path / 'same'
    assert write_shapes(root, **TINY, progress=write_between(0)) == root
    root = tmp_path / 'other'
    with pytest.raises(FileExistsError, match='seed=0.*found .*seed=1'):
        write_shapes(root, **TINY, progress=write_between(1))
    assert sorted(p.name for p in tmp_path.iterdir()) == ['other', 'same']


def test_other_parameters_or_data_set(digits):
    match = r'asked for digits\(.*seed=1.*found digits\(.*seed=0.*delete this'
    with pytest.raises(FileExistsError, match=match):
        write_digits(digits, seed=1)
    with pytest.raises(FileExistsError, match=r'for shapes\(.*found digits'):
        write_shapes(digits)


@pytest.mark.parametrize(
    'lost', ['train/tee-dotted/00001.png', 'hierarchy.json']
)
def test_lost_files(tmp_path, lost):
    root = write_shapes(tmp_path / 'shapes', **TINY)
    (root / lost).unlink()
    match = r'files lost or added \((71 of 72 in train|0 of 1 in hier).*delete'
    with pytest.raises(FileExistsError, match=match):
        write_shapes(root, **TINY)


@pytest.mark.parametrize('record', [None, '{', '[]', '{"a": 1}'])
def test_foreign_folder_is_left_alone(tmp_path, record):
    (tmp_path / 'photo.png').write_bytes(b'mine')
    if record is not None:
        (tmp_path / 'dataset.json').write_text(record)
    before = contents(tmp_path)
    match = r'found other files\. Choose another folder\.$'
    with pytest.raises(FileExistsError, match=match):
        write_digits(tmp_path)
    assert contents(tmp_path) == before


def test_root_is_a_file(tmp_path):
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(FileExistsError, match='found a file'):
        write_digits(tmp_path / 'file')
    assert (tmp_path / 'file').read_text() == 'mine'


def test_mmpretrain_reads_the_folder(shapes):
    datasets = pytest.importorskip('mmpretrain.datasets')
    dataset = datasets.CustomDataset(
        data_root=str(shapes), data_prefix='val', with_label=True
    )
    assert len(dataset) == 216
    hierarchy = load_hierarchy(shapes / 'hierarchy.json')
    assert tuple(dataset.CLASSES) == hierarchy.names('fine')
    info = dataset.get_data_info(212)
    name = hierarchy.names('fine')[info['gt_label']]
    assert Path(info['img_path']).parent.name == name


# --- tools and imports


def run(*command):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        env={**os.environ, 'PYTHONPATH': str(REPOSITORY)},
        capture_output=True,
        text=True,
    )


def test_tools(digits, shapes, tmp_path):
    tools = REPOSITORY / 'tools' / 'dataset_converters'
    reused = run(tools / 'digits.py', digits)
    assert reused.returncode == 0, reused.stderr
    line = f'{digits}: 1500 train and 297 val images of 10 classes\n'
    assert reused.stdout == line

    options = '--image-size 32 --num-train-per-class 2 --num-val-per-class 1'
    root = tmp_path / 'shapes'
    written = run(tools / 'shapes.py', root, *options.split())
    assert written.returncode == 0, written.stderr
    line = f'{root}: 72 train and 36 val images of 36 classes'
    assert written.stdout.splitlines()[-1] == line
    write_shapes(root, **TINY, progress=never)

    for tool, used in (('digits.py', shapes), ('shapes.py', digits)):
        failed = run(tools / tool, used)
        assert failed.returncode == 1
        assert failed.stderr.startswith(f'error: {used} is in use')
        assert failed.stderr.count('\n') == 1


def test_neither_torch_nor_mmengine_is_needed():
    code = (
        'import sys, hirl_mm\n'
        'before = set(sys.modules)\n'
        'import hirl_mm.datasets.embedded, hirl_mm.datasets.hierarchy\n'
        'new = set(sys.modules) - before\n'
        'sys.exit(str(new & {"torch", "mmengine", "sklearn"} or ""))\n'
    )
    result = run('-c', code)
    assert result.stderr.strip() == '', result.stderr
