import math
import random

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from scipy import ndimage

from hirl_mm.datasets.transforms import BEiTBlockMask, BlockMask


@pytest.fixture(autouse=True)
def seed():
    np.random.seed(0)
    random.seed(0)


def masks_of(num, **options):
    """(num, H, W) masks, and the share of patches that each masks."""
    transform = BlockMask(**options)
    masks = [transform({})['masked_patches'] for _ in range(num)]
    masks = np.concatenate(masks)
    return masks, masks.mean((1, 2))


def test_half_of_the_masks_cover_a_tenth_to_a_half():
    """The released iBOT: nothing, or a share from U(0.1, 0.5)."""
    masks, shares = masks_of(1000, grid_size=14)
    assert masks.shape == (2000, 14, 14) and masks.dtype == bool
    assert (shares == 0).mean() == pytest.approx(0.5, abs=0.05)
    masking = shares[shares > 0]
    assert masking.max() < 0.5
    # now and then no block fits the last few patches
    assert masking.min() > 0.05
    assert np.quantile(masking, [0.25, 0.5, 0.75]) == pytest.approx(
        [0.2, 0.3, 0.4], abs=0.03
    )


def test_no_share_but_the_wanted():
    """As many patches as the ratio says, or a few less; never more."""
    masks, shares = masks_of(
        300, grid_size=14, ratio_range=(0.4, 0.4), probability=1.0
    )
    assert (masks.sum((1, 2)) <= int(0.4 * 196)).all()
    assert (shares > 0).all() and shares.mean() > 0.38


def test_masks_are_blocks():
    """Neighbours of a masked patch are masked far more often than others."""
    masks, shares = masks_of(
        300, grid_size=14, ratio_range=(0.3, 0.3), probability=1.0
    )
    right = masks[:, :, 1:][masks[:, :, :-1]].mean()
    assert right > 0.7 > shares.mean() * 2
    one_block, _ = masks_of(
        100, grid_size=14, ratio_range=(0.1, 0.1), probability=1.0
    )
    filled = []
    for mask in one_block:
        rows, columns = (
            np.flatnonzero(mask.any(1)),
            np.flatnonzero(mask.any(0)),
        )
        box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        filled.append(box.mean())
    assert np.mean(np.array(filled) == 1) > 0.3


def plain_mask(most, smallest, side=14):
    """What the released codes of iBOT and of HIRL-BEiT do, patch by patch.

    Positions and sizes include their upper ends, and numbers of patches are
    not rounded.
    """
    masked = set()
    while len(masked) < most:
        missing = most - len(masked)
        for _ in range(10):
            area = random.uniform(smallest, missing)
            aspect = math.exp(random.uniform(math.log(0.3), -math.log(0.3)))
            rows = round(math.sqrt(area * aspect))
            columns = round(math.sqrt(area / aspect))
            if rows >= side or columns >= side:
                continue
            top = random.randint(0, side - rows)
            left = random.randint(0, side - columns)
            block = {
                (top + row, left + column)
                for row in range(rows)
                for column in range(columns)
            }
            if 0 < len(block - masked) <= missing:
                masked |= block
                break
        else:
            break
    mask = np.zeros((side, side), dtype=bool)
    mask[tuple(np.array(list(masked)).T)] = True
    return mask


def statistics(masks):
    """Regions that touch, masked patches, and patches of the last row."""
    regions = [ndimage.label(mask)[1] for mask in masks]
    return np.mean(regions), masks.sum((1, 2)).mean(), masks[:, -1].mean()


def test_masks_of_ibot_are_as_released():
    masks, _ = masks_of(1, grid_size=14, num_masks=6000, probability=1.0)
    released = [
        plain_mask(random.uniform(0.1, 0.5) * 196, 16) for _ in range(6000)
    ]
    found, expected = statistics(masks), statistics(np.stack(released))
    assert found == pytest.approx(expected, rel=0.03)
    # A rounded number of patches gives 1.42 regions.
    assert found[0] == pytest.approx(1.34, abs=0.03)


def test_masks_of_beit_are_as_released():
    transform = BEiTBlockMask(grid_size=14, num_patches=75)
    masks = np.stack([transform({})['mask'] for _ in range(3000)])
    assert masks.dtype == np.int64 and set(np.unique(masks)) == {0, 1}
    released = np.stack([plain_mask(75, 16) for _ in range(3000)])
    assert statistics(masks) == pytest.approx(statistics(released), rel=0.04)
    counts, expected = masks.sum((1, 2)), released.sum((1, 2))
    assert counts.max() == 75
    shares = (counts == 75).mean(), (expected == 75).mean()
    assert shares[0] == pytest.approx(shares[1], abs=0.04)
    # The last row and column are masked as often as the first.
    for edge in masks[:, -1], masks[:, :, -1]:
        assert edge.mean() == pytest.approx(masks[:, 0].mean(), abs=0.02)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(grid_size=1, num_patches=1), 'grid_size must be at least 2'),
        (dict(grid_size=4, num_patches=16), 'number of patches, 16'),
        (dict(grid_size=4, num_patches=6), 'got 16 and 6'),
        (dict(grid_size=4, num_patches=6, min_block=0), 'got 0 and 6'),
    ],
)
def test_mask_of_beit_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        BEiTBlockMask(**options)


def test_every_patch_is_masked_alike_often():
    masks, shares = masks_of(2000, grid_size=(6, 6), probability=1.0)
    often = masks.mean(0)
    assert often.min() > 0.1
    assert often == pytest.approx(often[:, ::-1], abs=0.05)
    assert often == pytest.approx(often[::-1], abs=0.05)
    assert often == pytest.approx(often.T, abs=0.05)


def test_views_have_masks_of_their_own():
    transform = BlockMask(grid_size=14, num_masks=3, probability=1.0)
    masks = transform({})['masked_patches']
    assert len(masks) == 3
    assert (masks[0] != masks[1]).any() and (masks[1] != masks[2]).any()


def test_reaches_the_samples_through_packing():
    init_default_scope('mmpretrain')
    keys = ['sample_idx', 'masked_patches']
    pipeline = Compose(
        [
            dict(type='hirl_mm.BlockMask', grid_size=[4, 5], num_masks=2),
            dict(type='PackInputs', meta_keys=keys),
        ]
    )
    image = np.zeros((8, 8, 3), np.uint8)
    packed = pipeline(dict(img=[image, image], sample_idx=3))
    sample = packed['data_samples']
    assert sample.sample_idx == 3
    assert sample.masked_patches.shape == (2, 4, 5)


@pytest.mark.parametrize(
    'ratio_range', [(0.1, 1.0), (-0.1, 0.5), (0.5, 0.1), (0.2, 1.5)]
)
def test_ratio_outside_of_its_range(ratio_range):
    with pytest.raises(ValueError, match=r'ratio_range .* \[0, 1\)'):
        BlockMask(grid_size=14, ratio_range=ratio_range)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('probability', 1.5),
        ('probability', -0.1),
        ('grid_size', 0),
        ('num_masks', 0),
    ],
)
def test_other_arguments_out_of_range(name, value):
    with pytest.raises(ValueError, match=name):
        BlockMask(**dict(grid_size=14) | {name: value})
