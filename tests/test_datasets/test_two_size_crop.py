"""BEiT's two images of one crop, beside Pillow and torchvision."""

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from PIL import Image
from torchvision.transforms import RandomResizedCrop

from hirl_mm.datasets.transforms import TwoSizeCrop


@pytest.fixture(autouse=True)
def seed():
    np.random.seed(0)


def noise(height, width):
    shape = height, width, 3
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def test_whole_image_is_resized_as_pillow_does():
    image = noise(90, 90)
    transform = TwoSizeCrop(64, 32, (1.0, 1.0), (1.0, 1.0))
    first, second = transform(dict(img=image))['img']
    whole = Image.fromarray(image)
    expected = whole.resize((64, 64), Image.Resampling.BICUBIC)
    assert np.array_equal(first, np.array(expected))
    expected = whole.resize((32, 32), Image.Resampling.LANCZOS)
    assert np.array_equal(second, np.array(expected))


def test_images_that_shrink_are_smoothed():
    """Means of blocks of white noise, not single pixels of it."""
    transform = TwoSizeCrop(24, 24, (1.0, 1.0), (1.0, 1.0))
    image = noise(240, 240)
    for small in transform(dict(img=image))['img']:
        assert small.std() < 0.2 * image.std()


def places(height, width, num=2000, **options):
    """(num, 4) top, left, bottom and right of crops, read from their pixels.

    The image holds its own coordinates; a crop is resized to so many pixels
    that its first and last one are those of the crop.
    """
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(height)[:, None]
    image[..., 1] = np.arange(width)
    transform = TwoSizeCrop(128, 1, interpolation='bilinear', **options)
    corners = []
    for _ in range(num):
        crop = transform(dict(img=image))['img'][0]
        top, left = crop[0, 0, :2]
        bottom, right = crop[-1, -1, :2]
        corners.append([top, left, bottom, right])
    return np.array(corners).astype(int)


def test_crops_are_distributed_as_those_of_torchvision():
    height, width, num = 20, 30, 1500
    found = places(height, width, num)
    image = Image.new('RGB', (width, height))
    expected = []
    for _ in range(num):
        top, left, rows, columns = RandomResizedCrop.get_params(
            image, (0.08, 1.0), (3 / 4, 4 / 3)
        )
        expected.append([top, left, top + rows - 1, left + columns - 1])
    expected = np.array(expected)
    assert found.mean(0) == pytest.approx(expected.mean(0), abs=0.6)
    assert found.std(0) == pytest.approx(expected.std(0), abs=0.5)
    # The first and the last row and column are reached.
    assert found[:, :2].min(0).tolist() == [0, 0]
    assert found[:, 2:].max(0).tolist() == [height - 1, width - 1]


def test_crop_of_an_image_without_room_is_the_largest_in_the_middle():
    narrow = places(30, 9, 5, crop_ratio_range=(1.0, 1.0))
    assert np.unique(narrow, axis=0).tolist() == [[9, 0, 20, 8]]


def test_images_reach_the_samples_through_packing():
    init_default_scope('mmpretrain')
    pipeline = Compose(
        [
            dict(type='hirl_mm.TwoSizeCrop', size=16, second_size=8),
            dict(
                type='hirl_mm.BEiTBlockMask',
                grid_size=4,
                num_patches=6,
                min_block=2,
            ),
            dict(type='PackInputs'),
        ]
    )
    packed = pipeline(dict(img=noise(40, 30)))
    assert [tuple(x.shape) for x in packed['inputs']] == [
        (3, 16, 16),
        (3, 8, 8),
    ]
    assert packed['data_samples'].mask.shape == (4, 4)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(size=0), 'size and second_size must be at least 1'),
        (dict(crop_ratio_range=(0.5, 1.5)), 'crop_ratio_range .* at most 1'),
        (dict(aspect_ratio_range=(2, 1)), 'aspect_ratio_range .* first'),
        (dict(interpolation='area'), 'bilinear, bicubic, lanczos, got area'),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        TwoSizeCrop(**dict(size=8, second_size=4) | options)
