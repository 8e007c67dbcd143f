"""One patch per image, of another cell for every sample."""

import numpy as np
import pytest

from hirl_mm.datasets.transforms import PatchBySample

SCALE = dict(grid=2, region_size=65, patch_size=28)


def cells(height, width):
    """An image whose quarters have the values 10, 20, 30 and 40."""
    rows = np.where(np.arange(height) < height / 2, 10, 30)
    columns = np.where(np.arange(width) < width / 2, 0, 10)
    image = rows[:, None] + columns
    return np.repeat(image[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize('size', [(64, 64), (131, 77), (64, 301)])
def test_every_cell_has_its_turn(size):
    transform = PatchBySample(**SCALE)
    for sample_idx in range(9):
        results = transform(dict(img=cells(*size), sample_idx=sample_idx))
        assert results['img'].shape == (28, 28, 3)
        assert results['img_shape'] == (28, 28)
        value = 10 * (1 + sample_idx % 4)
        # A cell of 32 pixels; Pillow mixes two cells along the border.
        assert np.abs(results['img'].astype(int) - value).max() <= 1


def test_the_patch_is_in_the_middle_of_its_cell():
    image = np.zeros((64, 64, 3), np.uint8)
    image[34:62, 2:30] = 255
    transform = PatchBySample(grid=2, region_size=64, patch_size=28)
    assert transform(dict(img=image, sample_idx=2))['img'].min() == 255
    assert transform(dict(img=image, sample_idx=0))['img'].max() == 0


def test_nothing_is_drawn_and_the_image_stays():
    image = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    before = image.copy()
    transform = PatchBySample(**SCALE)
    patches = [
        transform(dict(img=image, sample_idx=5))['img'] for _ in range(2)
    ]
    assert np.array_equal(*patches)
    patches[0][:] = 0
    assert np.array_equal(image, before)


def test_a_cell_smaller_than_a_patch():
    with pytest.raises(ValueError, match='use region_size=56 or more'):
        PatchBySample(grid=2, region_size=55, patch_size=28)
