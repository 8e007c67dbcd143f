"""Views and patches of SS-PRL, made by the workers and on the device."""

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from PIL import Image
from scipy.stats import chisquare

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.view_pipeline import split_pipeline
from hirl_mm.views import PatchScale
from tests.pyramids import (
    FORMS,
    WHOLE,
    batch_of,
    device_views,
    pyramid_config,
    replay_patches,
    views_of,
)
from tests.replayed_views import channels_last, picture

FLIP = dict(type='mmpretrain.RandomFlip', prob=0.5)
JITTER = dict(
    type='RandomApply',
    transforms=[
        dict(
            type='mmpretrain.ColorJitter',
            brightness=0.8,
            contrast=0.8,
            saturation=0.8,
            hue=0.2,
        )
    ],
    prob=0.8,
)
COLOURS = [
    FLIP,
    JITTER,
    dict(type='mmpretrain.RandomGrayscale', prob=0.2, keep_channels=True),
    dict(
        type='mmpretrain.GaussianBlur',
        magnitude_range=(0.1, 2.0),
        magnitude_std='inf',
        prob=0.5,
    ),
]
WHOLE_IMAGE = (1.0, 1.0)
both_forms = pytest.mark.parametrize('form', FORMS)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def scale(grid=2, region_size=20, patch_size=8, ratios=WHOLE_IMAGE, **options):
    return dict(
        grid=grid,
        region_size=region_size,
        patch_size=patch_size,
        crop_ratio_range=ratios,
        **options,
    )


def painted(cells, cell, side):
    """An image whose cells have values of their own; what is left is 255."""
    image = np.full((side, side, 3), 255, np.uint8)
    for m in range(cells**2):
        top, left = m // cells * cell, m % cells * cell
        image[top : top + cell, left : left + cell] = 10 * (m + 1)
    return image


def coordinates(height, width):
    """An image that holds rows and columns, from 0 to 240."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.round((np.arange(height) + 0.5) * 240 / height)[:, None]
    image[..., 1] = np.round((np.arange(width) + 0.5) * 240 / width)
    return image


@both_forms
def test_views_of_the_paper(form):
    """34 of them, also of odd, high and wide images."""
    scales = [scale(2, 314, 112, (0.6, 1)), scale(3, 383, 96, (0.6, 1))]
    cells = [PatchScale(**given).cell_size for given in scales]
    assert cells == [157, 127]
    whole = [
        [dict(WHOLE, scale=224, crop_ratio_range=(0.14, 1.0))],
        [dict(WHOLE, scale=96, crop_ratio_range=(0.05, 0.14))],
    ]
    cfg = pyramid_config(scales, num_views=[2, 6], transforms=whole)
    images = [picture(*size) for size in ((151, 200), (303, 112), (113, 401))]
    for views in views_of(form, cfg, images):
        sides = [224] * 2 + [96] * 6 + [112] * 8 + [96] * 18
        assert [view.shape for view in views] == [(n, n, 3) for n in sides]
        assert all(view.dtype == np.uint8 for view in views)


@both_forms
def test_patches_of_both_groups_come_from_the_same_cell(form):
    """The cells are read back from the patches, in their order."""
    small, large = painted(2, 15, 31), painted(3, 10, 31)
    scales = [scale(2, 31, 12), scale(3, 31, 7)]
    for image, first, count in ((small, 1, 4), (large, 9, 9)):
        for views in views_of(form, pyramid_config(scales), [image] * 3):
            assert len(views) == 1 + 8 + 18
            for group in range(2):
                for m in range(count):
                    patch = views[first + group * count + m]
                    assert np.unique(patch).tolist() == [10 * (m + 1)]


@both_forms
@pytest.mark.parametrize(
    'size', [(47, 61), (61, 47), (60, 59), (41, 41), (80, 64)]
)
def test_patches_of_images_of_any_size(form, size):
    """Patches lie in their cells of an image of another shape."""
    cfg = pyramid_config([scale(2, 40, 16), scale(3, 50, 15)])
    (views,) = views_of(form, cfg, [coordinates(*size)])
    patches = iter(views[1:])
    for cells, region, side in ((2, 40, 16), (3, 50, 15)):
        pixel, cell = 240 / region, region // cells
        for m in [*range(cells**2)] * 2:
            patch = next(patches).astype(float)
            rows, columns = patch[..., 0].mean(1), patch[..., 1].mean(0)
            for values, place in ((rows, m // cells), (columns, m % cells)):
                # Rounded twice, and flat at the border of an enlarged image.
                low = values.min() / pixel - 0.5
                high = values.max() / pixel - 0.5
                assert low > place * cell - 1
                assert high < (place + 1) * cell
                assert high - low == pytest.approx(side - 1, abs=1)
    assert next(patches, None) is None


@both_forms
def test_every_place_of_a_cell_is_as_likely(form):
    region = np.zeros((23, 23, 3), np.uint8)
    region[..., 0] = np.arange(23)[:, None]
    region[..., 1] = np.arange(23)
    found = views_of(form, pyramid_config([scale(2, 23, 8)]), [region] * 150)
    corners = np.array([[v[0, 0, :2] for v in views[1:]] for views in found])
    assert corners.shape == (150, 8, 2)
    cells = np.array([[0, 0], [0, 11], [11, 0], [11, 11]] * 2)
    place = (corners.astype(int) - cells).reshape(-1, 2)
    assert place.min() == 0 and place.max() == 3
    counts = np.bincount(4 * place[:, 0] + place[:, 1], minlength=16)
    assert chisquare(counts).pvalue > 1e-3
    # Both groups draw on their own.
    same = (corners[:, :4] == corners[:, 4:]).all(2)
    assert 0.01 < same.mean() < 0.15


@both_forms
def test_groups_share_the_region_and_nothing_else(form):
    image = picture(50, 70)
    scales = [scale(2, 24, 12, (0.3, 1.0)), scale(2, 24, 12, (0.3, 1.0))]
    plain = np.array(
        [v[1:] for v in views_of(form, pyramid_config(scales), [image] * 4)]
    )
    assert np.array_equal(plain[:, :4], plain[:, 4:8])
    assert np.array_equal(plain[:, 8:12], plain[:, 12:])
    # Every image and every scale has a region of its own.
    regions = [part.tobytes() for one in plain for part in one[[0, 8]]]
    assert len(set(regions)) == 8


@both_forms
def test_flips_differ_between_the_groups(form):
    image = coordinates(40, 40)
    cfg = pyramid_config([scale(2, 40, 20)], [FLIP])
    found = views_of(form, cfg, [image] * 50)
    flips = np.array(
        [[v[0, 0, 1] > v[0, -1, 1] for v in views[1:]] for views in found]
    )
    for m in range(4):
        pairs = 2 * flips[:, m] + flips[:, 4 + m]
        assert np.bincount(pairs, minlength=4).min() > 2


@both_forms
def test_colours_differ_between_the_groups(form):
    image = np.full((40, 40, 3), 120, np.uint8)
    brightness = dict(type='mmpretrain.ColorJitter', brightness=0.8)
    cfg = pyramid_config([scale(2, 40, 20)], [brightness])
    for views in views_of(form, cfg, [image] * 3):
        values = [np.unique(view).tolist() for view in views[1:]]
        assert all(len(value) == 1 for value in values)
        assert len({value for (value,) in values}) >= 6


@both_forms
def test_seeds(form):
    cfg = pyramid_config([scale(ratios=(0.3, 1.0))], COLOURS)
    shapes = (30, 44, 3), (33, 21, 3)
    images = [np.random.randint(0, 256, x, np.uint8) for x in shapes]

    def views(seed):
        made = views_of(form, cfg, images, seed)
        return [view.tobytes() for of_image in made for view in of_image]

    first, other = views(1), views(2)
    assert views(1) == first
    assert not set(first) & set(other)


def test_both_forms_make_the_same_patches():
    """With the random parameters that the workers have drawn.

    Of an image that is not resized they are equal; otherwise the region is
    within a level of Pillow's, which the colours may increase.
    """
    scales = [scale(2, 40, 16, (0.4, 1.0)), scale(3, 53, 15)]
    cfg = pyramid_config(scales, COLOURS)
    images = [picture(*size) for size in ((53, 53), (75, 100), (31, 17))]
    workers = views_of('cpu', cfg, images, seed=5)
    replayed = replay_patches(cfg, images, seed=5)
    batch, first = batch_of(images)['inputs'], 1
    for views, (patches, drawn) in zip(
        device_views(cfg).patches, replayed, strict=True
    ):
        num = len(patches) // 3
        expected = np.stack([w[first : first + num] for w in workers], 1)
        expected = expected.reshape(patches.shape)
        first += num
        assert np.array_equal(patches, expected)
        made = channels_last(views.apply(batch, drawn))
        differences = np.abs(made - expected.astype(int))
        assert differences.mean((1, 2, 3)).max() < 1
        assert differences.mean() < 0.2
    # The first image has the size of the second region.
    assert first == 27 and differences[::3].max() == 0


@both_forms
def test_small_images(form):
    """Refused by their names, or enlarged."""
    images = [picture(30, 30), picture(16, 15), picture(7, 40)]
    scales = [scale(2, 32, 15), scale(2, 40, 16)]
    message = r'image folder/1\.jpg has 16 x 15 pixels, fewer .* 16 x 16: .*=T'
    with pytest.raises(ValueError, match=message):
        views_of(form, pyramid_config(scales), images[:2])
    with pytest.raises(ValueError, match=r'folder/2\.jpg has 7 x 40'):
        images[1] = images[0]
        views_of(form, pyramid_config(scales), images)
    views_of(form, pyramid_config(scales[:1]), [picture(16, 15)])
    small = [picture(1, 1), picture(2, 9), picture(16, 15)]
    cfg = pyramid_config(scales, COLOURS, enlarge_small_images=True)
    for views in views_of(form, cfg, small):
        sides = [16] + [15] * 8 + [16] * 8
        assert [view.shape for view in views] == [(n, n, 3) for n in sides]


def test_without_scales_it_is_multi_view():
    image = picture(40, 60)
    whole = [[WHOLE, *COLOURS], [dict(WHOLE, scale=9), FLIP]]
    kinds = dict(transforms=whole, num_views=[2, 3])
    multi = dict(type='MultiView', **kinds)
    cfg = pyramid_config([], COLOURS, **kinds)
    found = views_of('cpu', cfg, [image])[0]
    after = np.random.rand()
    expected = views_of('cpu', multi, [image])[0]
    assert np.random.rand() == after
    for view, other in zip(found, expected, strict=True):
        assert np.array_equal(view, other)
    for view, other in zip(
        views_of('device', cfg, [image])[0],
        views_of('device', multi, [image])[0],
        strict=True,
    ):
        assert np.array_equal(view, other)


@both_forms
@pytest.mark.parametrize('num_views', [2, (2,), [2]])
def test_number_of_whole_views(form, num_views):
    cfg = pyramid_config([scale()], num_views=num_views)
    assert len(views_of(form, cfg, [picture(30, 30)])[0]) == 2 + 8


@both_forms
def test_a_folder_of_images(form, tmp_path):
    for name, size in (('a/1.jpg', (40, 30)), ('b.png', (25, 50))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(picture(*size)).save(tmp_path / name)
    steps = [
        dict(type='hirl_mm.LoadImage'),
        pyramid_config([scale()], COLOURS),
        dict(type='PackInputs'),
    ]
    if form == 'device':
        parts = split_pipeline(steps)
        steps = parts.workers
    samples = FolderImages(
        data_root=str(tmp_path), with_label=False, pipeline=steps
    )
    assert len(samples) == 2
    for sample in samples:
        inputs = sample['inputs']
        if form == 'cpu':
            sides = [tuple(view.shape) for view in inputs]
            assert sides == [(3, 16, 16)] + [(3, 8, 8)] * 8
        else:
            assert tuple(inputs.shape) in {(40, 30, 3), (25, 50, 3)}


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(grid=0), 'grid and patch_size must be at least 1, got 0 and 8'),
        (dict(patch_size=0), 'at least 1, got 2 and 0'),
        (
            dict(grid=3, region_size=23),
            r'3 x 3 grid over region_size=23 .* 7 pixels, .*region_size=24',
        ),
        (dict(ratios=(0.9, 0.5)), 'crop_ratio_range must be .* from 0 to 1'),
        (dict(ratios=(0.9, 1.5)), 'crop_ratio_range must be .* from 0 to 1'),
        (dict(interpolation='area'), "bilinear, bicubic, lanczos, got 'area'"),
    ],
)
def test_scales_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(pyramid_config([scale(**options)]))


def test_text():
    text = repr(TRANSFORMS.build(pyramid_config([scale()], [FLIP])))
    assert 'PatchScale(grid=2' in text and 'RandomFlip' in text
    assert text.endswith('enlarge_small_images=False)')
