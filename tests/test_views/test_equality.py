"""The same random parameters give MMPreTrain's views."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import TRANSFORMS

from hirl_mm.datasets.transforms import TwoSizeCrop
from hirl_mm.views import (
    ColorJitter,
    Flip,
    GaussianBlur,
    Grayscale,
    RandomResizedCrop,
    Solarize,
    View,
)
from tests.replayed_views import channels_last, picture, replay, same_view

WEIGHTS = (0.114, 0.587, 0.2989)
FACTORS = dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)
RANGES = dict(
    brightness=(0.6, 1.4),
    contrast=(0.6, 1.4),
    saturation=(0.8, 1.2),
    hue=(-0.1, 0.1),
)
# Sizes of images: usual ones, one pixel, a line, a column, smaller than the
# crop, and a wide one.
SIZES = [(75, 100), (120, 80), (1, 1), (1, 400), (300, 2), (17, 23), (8, 1500)]


def crop(size, least=0.08, **options):
    return dict(
        type='mmpretrain.RandomResizedCrop',
        scale=size,
        crop_ratio_range=(least, 1.0),
        backend='pillow',
        **options,
    )


def jitter(**factors):
    return dict(
        type='RandomApply',
        transforms=[
            dict(type='mmpretrain.ColorJitter', **(factors or FACTORS))
        ],
        prob=0.8,
    )


def grey(prob=0.2):
    return dict(
        type='mmpretrain.RandomGrayscale',
        prob=prob,
        keep_channels=True,
        channel_weights=WEIGHTS,
    )


def blur(prob=0.5):
    return dict(
        type='mmpretrain.GaussianBlur',
        magnitude_range=(0.1, 2.0),
        magnitude_std='inf',
        prob=prob,
    )


def solarize(prob=0.2):
    return dict(type='mmpretrain.Solarize', thr=128, prob=prob)


WIDE_BLUR = dict(type='mmpretrain.GaussianBlur', radius=7.3, prob=0.5)
FLIP = dict(type='mmpretrain.RandomFlip', prob=0.5)
CROP_32 = RandomResizedCrop((32, 32))
JITTER = ColorJitter(**RANGES, prob=0.8)


def differences(transforms, steps, sizes, seed=0):
    """Absolute differences (V, H, W, 3), in levels of 255."""
    np.random.seed(seed)
    built = [
        TRANSFORMS.build(t) if isinstance(t, dict) else t for t in transforms
    ]
    images = [picture(*size, seed=i) for i, size in enumerate(sizes)]
    expected, drawn = zip(*(replay(built, x) for x in images), strict=True)
    made = same_view(View(steps), images, drawn)
    if isinstance(made, tuple):
        return [
            np.abs(channels_last(views) - np.stack([x[i] for x in expected]))
            for i, views in enumerate(made)
        ]
    return np.abs(channels_last(made) - np.stack(expected).astype(int))


@pytest.mark.parametrize(
    ('transform', 'step'),
    [
        (jitter(brightness=0.9), ColorJitter(brightness=(0.1, 1.9))),
        (jitter(contrast=0.9), ColorJitter(contrast=(0.1, 1.9))),
        (jitter(saturation=0.9), ColorJitter(saturation=(0.1, 1.9))),
        (jitter(hue=0.5), ColorJitter(hue=(-0.5, 0.5))),
        (jitter(), JITTER),
        (grey(0.5), Grayscale(channel_weights=WEIGHTS)),
        (solarize(0.5), Solarize(128)),
        (blur(0.9), GaussianBlur((0.1, 2.0))),
        (
            dict(type='mmpretrain.GaussianBlur', radius=7.3, prob=0.5),
            GaussianBlur((7, 8)),
        ),
        (FLIP, Flip()),
    ],
)
@pytest.mark.parametrize('size', [(61, 47), (1, 1), (2, 90), (90, 1)])
def test_changes_of_colour_flips_and_blurs_are_equal(transform, step, size):
    assert differences([transform], [step], [size] * 12).max() == 0


def test_whole_images_change_their_colours_equally():
    """Colours before the crop, with the mean of the whole image."""
    whole = RandomResizedCrop((16, 16))
    keeps = dict(crop(16, least=1.0), aspect_ratio_range=(1.0, 1.0))
    found = differences(
        [jitter(), grey(), solarize(), keeps],
        [JITTER, Grayscale(channel_weights=WEIGHTS), Solarize(128), whole],
        [(16, 16)] * 12,
    )
    assert found.max() == 0


@pytest.mark.parametrize('size', [(32, 32), (40, 24)])
@pytest.mark.parametrize('name', ['bilinear', 'bicubic', 'lanczos'])
def test_crops_are_within_a_level(name, size):
    """Pillow may resize columns first, and rounds and cuts in between.

    It resizes rows first if the image is wider than the view, relative to
    their heights.
    """
    found = differences(
        [crop(size, interpolation=name), FLIP],
        [RandomResizedCrop(size, interpolation=name), Flip()],
        SIZES * 2,
    )
    height, width = size
    wide = [w * height >= h * width for h, w in SIZES * 2]
    assert found[wide].max() <= 1
    assert found[wide].mean() < 0.01
    assert found.mean((1, 2, 3)).max() < 0.5


RECIPES = dict(
    mocov2=(
        [crop(32, 0.2), jitter(), grey(), blur(), FLIP],
        [
            RandomResizedCrop((32, 32), (0.2, 1.0)),
            JITTER,
            Grayscale(0.2, WEIGHTS),
            GaussianBlur((0.1, 2.0)),
            Flip(),
        ],
    ),
    dino=(
        [
            crop(32, interpolation='bicubic'),
            *(FLIP, jitter(), grey(), blur(), solarize()),
        ],
        [
            RandomResizedCrop((32, 32), interpolation='bicubic'),
            Flip(),
            JITTER,
            Grayscale(0.2, WEIGHTS),
            GaussianBlur((0.1, 2.0)),
            Solarize(128),
        ],
    ),
    flips_on_both_sides=(
        [FLIP, jitter(), crop(32), FLIP],
        [Flip(), JITTER, CROP_32, Flip()],
    ),
)


@pytest.mark.parametrize('name', RECIPES)
def test_views_of_recipes(name):
    found = differences(*RECIPES[name], SIZES * 3)
    assert found.mean() < 0.2
    assert found.mean((1, 2, 3)).max() < 1


def test_two_sizes_of_a_crop():
    transforms = [jitter(), FLIP, TwoSizeCrop(32, 16)]
    step = RandomResizedCrop(
        (32, 32), interpolation='bicubic', second_size=(16, 16)
    )
    for found in differences(transforms, [JITTER, Flip(), step], SIZES * 2):
        assert found.mean((1, 2, 3)).max() < 0.5
        assert np.median(found) == 0


def test_channel_order_matters():
    image = picture(20, 30)
    drawn = [[torch.tensor([[0, 0, 20, 30]]), torch.tensor([True])]]
    steps = [RandomResizedCrop((20, 30)), Grayscale(0.5, (1, 0, 0))]
    views = same_view(View(steps, bgr=False), [image], drawn)
    assert np.array_equal(channels_last(views)[0], image[..., [0, 0, 0]])


def test_saturation_knows_which_channel_is_red():
    step, image = ColorJitter(saturation=(0, 0)), picture(20, 30)
    values = step.draw(torch.tensor([[20, 30]]), torch.Generator())
    bgr, rgb = (
        channels_last(same_view(View([step], bgr), [x], [[values]]))
        for bgr, x in ((True, image), (False, image[..., ::-1]))
    )
    assert np.array_equal(bgr, rgb)
    other = same_view(View([step], False), [image], [[values]])
    assert not np.array_equal(bgr, channels_last(other))
