"""Run by test_triton_views.py in a process that interprets kernels."""

import pytest
import torch

from hirl_mm.views import (
    ColorJitter,
    ColorJitterValues,
    Flip,
    GaussianBlur,
    Grayscale,
    PatchScale,
    PatchViews,
    RaggedImages,
    RandomResizedCrop,
    Solarize,
    View,
)
from hirl_mm.views.box_blur import blur_by_passes
from hirl_mm.views.colour_changes import change_colours, change_ragged_colours
from hirl_mm.views.colour_program import colour_program
from hirl_mm.views.crops import Crops
from hirl_mm.views.torch_colours import change_dense, change_ragged
from hirl_mm.views.torch_resampling import resample_batched
from hirl_mm.views.triton_blur import blur_fused
from hirl_mm.views.triton_resampling import resample_fused

JITTER = ColorJitter((0.2, 1.8), (0.2, 1.8), (0.2, 1.8), (-0.5, 0.5), 0.8)
STEPS = [JITTER, Grayscale(0.3, (0.114, 0.587, 0.2989)), Solarize(128, 0.3)]
# What is no pixel becomes white before the mean is taken.
INVERTED = [Solarize(0, 1.0), ColorJitter(contrast=(0.2, 1.8))]
SIZES = [(11, 13), (1, 60), (23, 2), (1, 1)]


@pytest.fixture(scope='module')
def images():
    generator = torch.Generator().manual_seed(0)
    return RaggedImages.of(
        [
            torch.randint(0, 256, (*size, 3), generator=generator).byte()
            for size in SIZES
        ]
    )


def drawn(step, sizes):
    return step.draw(sizes, torch.Generator().manual_seed(1))


@pytest.mark.parametrize('name', ['bilinear', 'bicubic', 'lanczos'])
@pytest.mark.parametrize('size', [(3, 35), (9, 4)])
def test_resizing(images, name, size):
    step = RandomResizedCrop(size, (0.3, 1.0))
    boxes = drawn(step, images.sizes)
    flips = torch.tensor([True, False, False, True])
    crops = Crops.of(images, torch.arange(4), boxes, flips)
    made = resample_fused(images.pixels, crops, size, name).int()
    expected = resample_batched(images.pixels, crops, size, name).int()
    difference = (made - expected).abs()
    # Only where float32 rounds a tie the other way.
    assert difference.max() <= 1 and difference.float().mean() < 0.01


@pytest.mark.parametrize('shape', [(17, 35), (1, 1), (40, 3)])
def test_blur(shape):
    views = torch.randint(0, 256, (5, 3, *shape)).byte()
    radii = torch.tensor([0, 0.3, 1.3, 2.0, 7.0])
    expected = views.clone()
    blur_by_passes(expected, radii)
    blur_fused(views, radii)
    assert torch.equal(views, expected)


@pytest.mark.parametrize('bgr', [True, False])
@pytest.mark.parametrize('steps', [STEPS, INVERTED])
def test_colours(bgr, steps):
    views = torch.randint(0, 256, (8, 3, 19, 33)).byte()
    # Grey pixels: float64 decides how they are rounded.
    views[:, :, :5] = views[:, :1, :5]
    sizes = torch.full((8, 2), 19)
    program = colour_program(steps, [drawn(s, sizes) for s in steps])
    expected = views.clone()
    change_dense(expected, program, bgr)
    change_colours(views, program, bgr)
    assert torch.equal(views, expected)


def test_hues_of_colours_that_are_nearly_grey():
    """Channels that differ by 0 to 2, from black to white."""
    grey, *steps = torch.meshgrid(
        torch.arange(254), *[torch.arange(3)] * 3, indexing='ij'
    )
    views = torch.stack([grey + step for step in steps]).flatten(2)[None]
    views = views.byte()
    applied, order = torch.tensor([True]), torch.arange(4)[None]
    factors = torch.tensor([[1, 1, 1, 0.3]]).double()
    jitter = ColorJitter(hue=(-0.5, 0.5))
    values = ColorJitterValues(applied, order, factors)
    program = colour_program([jitter], [values])
    expected = views.clone()
    change_dense(expected, program, False)
    change_colours(views, program, False)
    assert torch.equal(views, expected)


@pytest.mark.parametrize('bgr', [True, False])
def test_colours_of_ragged_images(images, bgr):
    program = colour_program(STEPS, [drawn(s, images.sizes) for s in STEPS])
    made, expected = images.pixels.clone(), images.pixels.clone()
    change_ragged_colours(made, images.sizes, program, bgr)
    change_ragged(expected, images.sizes.prod(1), program, bgr)
    assert torch.equal(made, expected)


def test_without_anything_to_do():
    """No launch for views that stay as they are."""
    views = torch.randint(0, 256, (2, 3, 4, 4)).byte()
    before = views.clone()
    off = colour_program([Solarize(9, 0.0)], [torch.zeros(2).bool()])
    change_colours(views, off, True)
    blur_fused(views, torch.zeros(2))
    assert torch.equal(views, before)


def test_a_view_as_a_whole(images):
    """All kernels of a view, beside the plain forms."""
    steps = [Flip(), JITTER, RandomResizedCrop((6, 6)), GaussianBlur((0.1, 2))]
    view = View([*steps, Solarize(100, 0.5)])
    generator = torch.Generator().manual_seed(0)
    parameters = view.draw(images.sizes, generator, count=2)
    views = view.apply(images, parameters)
    assert views.shape == (8, 3, 6, 6)
    # The plain forms on the CPU, step by step.
    colours = colour_program([JITTER], [parameters.drawn[1]])
    whole = images.chosen(parameters.image)
    change_ragged(whole.pixels, whole.sizes.prod(1), colours, True)
    flips, boxes = parameters.drawn[0], parameters.drawn[2].clone()
    right = whole.sizes[:, 1] - boxes[:, 1] - boxes[:, 3]
    boxes[:, 1] = torch.where(flips, right, boxes[:, 1])
    crops = Crops.of(whole, torch.arange(8), boxes, flips)
    expected = resample_batched(whole.pixels, crops, (6, 6), 'bilinear')
    blur_by_passes(expected, parameters.drawn[3])
    solarized = colour_program(view.steps[4:], parameters.drawn[4:])
    change_dense(expected, solarized, True)
    # A level at the threshold of the solarisation is up to 56.
    different = (views.int() - expected.int()).abs()
    assert (different > 1).float().mean() < 0.01


@pytest.mark.parametrize('name', ['bilinear', 'bicubic', 'lanczos'])
def test_boxes_of_the_size_of_a_view_are_copied(images, name):
    boxes = torch.tensor([[0, 0, 5, 2], [3, 8, 5, 2], [17, 0, 5, 2]])
    flips = torch.tensor([False, True, False])
    crops = Crops.of(images, torch.tensor([0, 0, 2]), boxes, flips)
    made = resample_fused(images.pixels, crops, (5, 2), name)
    first, third = (
        pixels.reshape(*size, 3).permute(2, 0, 1)
        for pixels, size in (
            (images.pixels[: 11 * 13], (11, 13)),
            (images.pixels[11 * 13 + 60 :][:46], (23, 2)),
        )
    )
    assert torch.equal(made[0], first[:, :5, :2])
    assert torch.equal(made[1], first[:, 3:8, 8:10].flip(2))
    assert torch.equal(made[2], third[:, 17:22])


def test_patches(images):
    """Cut out of the regions, without a change of a pixel."""
    images = RaggedImages(images.pixels[:203], images.sizes[:2])
    views = PatchViews(PatchScale(2, 7, 2, (0.4, 1.0)), [Flip()])
    drawn = views.draw(images.sizes, torch.Generator().manual_seed(0))
    regions = views.region.apply(images, drawn.regions)
    made = views.apply(images, drawn)
    assert made.shape == (2 * 4 * 2, 3, 2, 2)
    boxes, flips = drawn.patches.drawn
    for i, patch in enumerate(made):
        top, left, *_ = boxes[i].tolist()
        expected = regions[i % 2, :, top : top + 2, left : left + 2]
        expected = expected.flip(2) if flips[i] else expected
        assert torch.equal(patch, expected)
