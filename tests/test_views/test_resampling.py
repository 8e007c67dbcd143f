import math

import numpy as np
import pytest
import torch

from hirl_mm.views import RaggedImages, RandomResizedCrop
from hirl_mm.views import torch_resampling as resampling
from hirl_mm.views.crops import Crops
from hirl_mm.views.resampling import resample
from tests.replayed_views import picture

SUPPORT = dict(bilinear=1, bicubic=2, lanczos=3)


def weight(x, name):
    """The filters as textbooks write them."""
    x = abs(x)
    if name == 'bilinear':
        return max(1 - x, 0)
    if name == 'bicubic':
        a = -0.5
        if x < 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0
    return np.sinc(x) * np.sinc(x / 3) if x < 3 else 0


def resized_lines(lines, size, name):
    """Resize the last axis in float64 and round, pixel by pixel."""
    length = lines.shape[-1]
    scale = length / size
    stretch = max(scale, 1)
    result = np.empty((*lines.shape[:-1], size))
    for x in range(size):
        centre = (x + 0.5) * scale
        weights = [
            weight((i + 0.5 - centre) / stretch, name) for i in range(length)
        ]
        result[..., x] = lines @ np.array(weights) / math.fsum(weights)
    return np.clip(np.floor(result + 0.5), 0, 255)


def naive(image, box, flip, size, name):
    """Return a crop (3, H, W), resized first along its rows."""
    top, left, height, width = box
    crop = image[top : top + height, left : left + width].astype(float)
    lines = resized_lines(crop.transpose(2, 0, 1), size[1], name)
    if flip:
        lines = lines[..., ::-1]
    columns = resized_lines(lines.swapaxes(1, 2), size[0], name)
    return columns.swapaxes(1, 2)


@pytest.fixture(scope='module')
def crops():
    """Images, their ragged form, and two crops of each."""
    sizes = [(40, 30), (1, 200), (150, 3), (1, 1), (9, 11)]
    images = [picture(*size, seed=i) for i, size in enumerate(sizes)]
    ragged = RaggedImages.of([torch.from_numpy(x) for x in images])
    image = torch.arange(len(sizes)).repeat(2)
    step = RandomResizedCrop((8, 8), (0.1, 1.0))
    generator = torch.Generator().manual_seed(0)
    boxes = step.draw(ragged.sizes[image], generator)
    flips = torch.arange(len(image)) % 3 == 0
    return images, ragged, Crops.of(ragged, image, boxes, flips)


@pytest.mark.parametrize('size', [(16, 24), (5, 2), (1, 1)])
@pytest.mark.parametrize('name', SUPPORT)
def test_batched_form_beside_the_formula(crops, name, size):
    images, ragged, parts = crops
    views = resampling.resample_batched(ragged.pixels, parts, size, name)
    assert views.shape == (10, 3, *size) and views.is_contiguous()
    expected = [
        naive(images[i % 5], box, flip, size, name)
        for i, (box, flip) in enumerate(
            zip(parts.boxes.tolist(), parts.flips.tolist(), strict=True)
        )
    ]
    difference = np.abs(views.numpy() - np.stack(expected))
    # Only where float32 rounds a tie the other way.
    assert difference.max() <= 1 and (difference > 0).mean() < 0.02


@pytest.mark.parametrize('size', [(16, 24), (5, 2), (1, 1)])
@pytest.mark.parametrize('name', ['bilinear', 'bicubic'])
def test_forms_agree(crops, name, size):
    """PyTorch's own resizing on the CPU has coarser weights."""
    _, ragged, parts = crops
    views = [
        form(ragged.pixels, parts, size, name).int()
        for form in (
            resampling.resample_batched,
            resampling.resample_one_by_one,
        )
    ]
    difference = (views[0] - views[1]).abs()
    assert difference.max() <= 2 and difference.float().mean() < 0.05


def test_groups_of_views_change_nothing(crops, monkeypatch):
    _, ragged, parts = crops
    whole = resampling.resample_batched(
        ragged.pixels, parts, (6, 7), 'bicubic'
    )
    monkeypatch.setattr(resampling, '_MOST_NUMBERS', 1000)
    some = resampling.resample_batched(ragged.pixels, parts, (6, 7), 'bicubic')
    assert torch.equal(whole, some)


def test_no_crops(crops):
    _, ragged, parts = crops
    none = Crops(*(x[:0] for x in parts))
    for name in SUPPORT:
        views = resample(ragged.pixels, none, (6, 7), name)
        assert views.shape == (0, 3, 6, 7)
