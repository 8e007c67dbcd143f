from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import label
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from hirl_mm.datasets.toy import shape_hierarchy, write_shapes
from hirl_mm.datasets.toy.outlines import OUTLINES
from hirl_mm.datasets.toy.shapes import place_shape
from tests.image_folders import TINY, contents, load


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


def test_grey_shapes(tmp_path):
    """A bright and a medium shade on a dark background, in the same places."""
    grey = write_shapes(tmp_path / 'grey', **TINY, grey=True)
    images, _ = load(grey, 'val')
    assert (images == images[..., :1]).all()
    background = images[:, 0, 0, 0]
    assert background.min() > 0 and background.max() < 0.3 * 255
    inside = images[..., 0] > background[:, None, None] + 10
    brightest = images.max(axis=(1, 2, 3))
    assert (brightest > 0.7 * 255).all()
    assert len(np.unique(background)) > 5 < len(np.unique(brightest))
    for mask, image in zip(inside, images[..., 0], strict=True):
        shades = image[mask]
        assert ((shades > 0.35 * 255) & (shades < 0.65 * 255)).any()
    colours = write_shapes(tmp_path / 'colours', **TINY)
    with pytest.raises(FileExistsError, match='grey=True'):
        write_shapes(colours, **TINY, grey=True)
    # Folders that earlier versions wrote are reused.
    assert 'grey' not in (colours / 'dataset.json').read_text()


def test_coarser_textures():
    """Dots of twice the period are four times as large, of the same shapes."""
    names = 'ellipse-dotted', 'ellipse', 'round'
    wide, fine = (
        place_shape(*names, 128, np.random.default_rng(0), scale).shares
        for scale in (2.0, 1.0)
    )
    np.testing.assert_allclose(sum(wide), sum(fine), atol=1e-6)
    sizes = [
        np.bincount(label(share[..., 0] > 0.5)[0].ravel())[1:].max()
        for share, _ in (wide, fine)
    ]
    assert 3 < sizes[0] / sizes[1] < 5


def test_small_shapes():
    names = 'disc-dotted', 'disc', 'round'

    def radii(**options):
        for seed in range(50):
            rng = np.random.default_rng(seed)
            outline = place_shape(*names, 64, rng, **options).outline
            assert outline.min() >= 0 and outline.max() <= 64
            yield np.ptp(outline[:, 0]) / 2 / 64

    usual, small = list(radii()), list(radii(min_radius=0.15))
    assert 0.34 <= min(usual) < 0.37 and 0.43 < max(usual) <= 0.46
    assert 0.15 <= min(small) < 0.18 and 0.43 < max(small) <= 0.46


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        ({'image_size': 31}, 'image_size must be an integer of at least 32'),
        ({'num_train_per_class': 0}, 'num_train_per_class must .* least 1'),
        ({'num_val_per_class': 0}, 'num_val_per_class must .* least 1'),
        ({'seed': -1}, 'seed must be an integer of at least 0, got -1'),
        ({'texture_scale': 0}, 'texture_scale must be above 0, got 0'),
        ({'min_radius': 0.5}, 'min_radius must be .* at most 0.46, got 0.5'),
    ],
)
def test_shapes_errors(tmp_path, arguments, match):
    with pytest.raises(ValueError, match=match):
        write_shapes(tmp_path / 'shapes', **arguments)
    assert not any(tmp_path.iterdir())
