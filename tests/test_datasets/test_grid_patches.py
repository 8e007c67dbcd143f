"""Patches of fixed grids, and their boxes in the image."""

import numpy as np
import pytest
from PIL import Image

from hirl_mm.datasets.transforms import GridPatches
from hirl_mm.views import PatchScale


def ramp(height, width):
    """An image whose first two channels are the place of a pixel."""
    y, x = np.indices((height, width))
    return np.stack([x, y, np.full_like(x, 7)], 2).astype(np.uint8)


def patches_of(image, **scale):
    return GridPatches([scale])(dict(img=image))['img']


# With 3 x 3 cells of 8 pixels, one is left over; 2 of free 3 round down.
@pytest.mark.parametrize(
    ('grid', 'size', 'patch'), [(2, 20, 7), (3, 25, 5), (1, 9, 9)]
)
def test_boxes_are_the_pixels_of_an_image_of_the_size_of_the_region(
    grid, size, patch
):
    image = ramp(size, size)
    scale = dict(grid=grid, region_size=size, patch_size=patch)
    boxes = PatchScale(**scale).central_boxes(size, size)
    patches = patches_of(image, **scale)
    assert len(patches) == len(boxes) == grid**2
    for (left, top, right, bottom), shown in zip(boxes, patches, strict=True):
        assert right - left == bottom - top == patch
        part = image[int(top) : int(bottom), int(left) : int(right)]
        np.testing.assert_array_equal(shown, part)
    # Row by row, each in the middle of its cell.
    cell = size // grid
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    expected = [
        ((column + 0.5) * cell, (row + 0.5) * cell)
        for row in range(grid)
        for column in range(grid)
    ]
    assert np.abs(centers - expected).max() <= 0.5


@pytest.mark.parametrize(('height', 'width'), [(90, 200), (151, 67), (40, 40)])
def test_boxes_point_at_what_a_patch_of_a_resized_image_shows(height, width):
    image = ramp(height, width)
    scale = dict(grid=3, region_size=64, patch_size=16)
    boxes = PatchScale(**scale).central_boxes(height, width)
    for box, shown in zip(boxes, patches_of(image, **scale), strict=True):
        # A pixel of the ramp has its place as value, at its corner.
        x, y, rest = shown.reshape(-1, 3).mean(0)
        assert (x + 0.5, y + 0.5) == pytest.approx(
            ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), abs=0.6
        )
        assert rest == 7
        spread = shown[..., 0].max().astype(float) - shown[..., 0].min()
        assert spread == pytest.approx(box[2] - box[0], rel=0.2)


def test_scales_follow_each_other_and_one_cell_is_the_whole_image():
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    scales = [
        dict(grid=1, region_size=24, patch_size=24),
        dict(grid=2, region_size=30, patch_size=11),
    ]
    found = GridPatches(scales)(dict(img=image.copy()))['img']
    assert [patch.shape for patch in found] == [
        (24, 24, 3),
        *[(11, 11, 3)] * 4,
    ]
    whole = Image.fromarray(image).resize((24, 24), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(found[0], np.array(whole))
    again = GridPatches(scales)(dict(img=image.copy()))['img']
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_grey_images_and_small_ones():
    grey = ramp(5, 6)[..., 0]
    patches = patches_of(grey, grid=2, region_size=20, patch_size=10)
    assert {patch.shape for patch in patches} == {(10, 10)}


def test_errors():
    with pytest.raises(ValueError, match='at least one scale, such as'):
        GridPatches([])
    with pytest.raises(ValueError, match='use region_size=20 or more'):
        GridPatches([dict(grid=2, region_size=19, patch_size=10)])
