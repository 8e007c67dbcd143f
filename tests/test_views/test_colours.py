"""Changes of colour beside Pillow and formulas."""

import numpy as np
import pytest
import torch
from PIL import Image

from hirl_mm.views import ColorJitter, Grayscale, Solarize
from hirl_mm.views.colour_program import colour_program
from hirl_mm.views.colours import weighted_grey
from hirl_mm.views.hue import to_hsv, to_rgb
from hirl_mm.views.torch_colours import (
    change_dense,
    change_ragged,
    change_ragged_batched,
)

JITTER = ColorJitter((0.2, 1.8), (0.2, 1.8), (0.2, 1.8), (-0.5, 0.5), 0.8)
STEPS = [JITTER, Grayscale(0.3, (0.114, 0.587, 0.2989)), Solarize(128, 0.3)]


def program(num):
    sizes, generator = torch.zeros(num, 2), torch.Generator().manual_seed(0)
    return colour_program(STEPS, [s.draw(sizes, generator) for s in STEPS])


@pytest.mark.parametrize('red', range(0, 256, 51))
def test_conversions_of_hue_are_those_of_pillow(red):
    """All colours with some values of red; blue and green take every value."""
    green, blue = torch.meshgrid(*[torch.arange(256.0)] * 2, indexing='ij')
    x = torch.stack([torch.full_like(green, red), green, blue]).flatten(1)
    image = x.T.reshape(256, 256, 3).numpy().astype(np.uint8)
    hsv = np.array(Image.fromarray(image).convert('HSV')).reshape(-1, 3)
    assert np.array_equal(torch.cat(to_hsv(x)).T.numpy(), hsv)
    # As a hue: value and saturation take every value.
    rgb = np.array(
        Image.frombytes('HSV', (256, 256), image.tobytes()).convert('RGB')
    )
    assert np.array_equal(to_rgb(*x.split(1)).T.numpy(), rgb.reshape(-1, 3))


@pytest.mark.parametrize(
    'weights', [(0.114, 0.587, 0.2989), (1.0, 1.0, 1.0), (0.0, 0.0, 2.0)]
)
def test_grey_pixels_are_rounded_as_in_numpy(weights):
    """RandomGrayscale of MMCV: a sum in float64, rounded down."""
    greys = np.arange(256)[:, None].repeat(3, 1)
    colours = np.random.default_rng(0).integers(0, 256, (20_000, 3))
    x = np.concatenate([greys, colours])
    expected = (x * (np.array(weights) / sum(weights))).sum(1).astype('uint8')
    grey = weighted_grey(torch.from_numpy(x.T.copy()).float(), weights)[0]
    assert np.array_equal(grey.byte().numpy(), expected)


@pytest.mark.parametrize('bgr', [True, False])
def test_groups_and_views_alone_are_equal(bgr):
    views = torch.randint(0, 256, (40, 3, 9, 11)).byte()
    whole, alone = views.clone(), views.clone()
    change_dense(whole, program(40), bgr)
    for one, operations in zip(
        alone.split(1), program(40).split(1), strict=True
    ):
        change_dense(one, operations, bgr)
    assert torch.equal(whole, alone) and not torch.equal(whole, views)


def test_views_without_operations_stay():
    views = torch.randint(0, 256, (40, 3, 9, 11)).byte()
    changed = views.clone()
    change_dense(changed, program(40), True)
    idle = ~program(40).codes.any(1)
    assert 0 < idle.sum() < 40
    assert torch.equal(changed[idle], views[idle])


def test_ragged_images_are_changed_like_views():
    sizes = [(9, 11), (1, 1), (30, 2), (1, 77), (5, 5)] * 4
    lengths = torch.tensor(sizes).prod(1)
    pixels = torch.randint(0, 256, (int(lengths.sum()), 3)).byte()
    forms = pixels.clone(), pixels.clone()
    change_ragged(forms[0], lengths, program(20), False)
    change_ragged_batched(forms[1], lengths, program(20), False)
    dense = []
    for part, operations in zip(
        pixels.split(lengths.tolist()), program(20).split(1), strict=True
    ):
        view = part.T[None, :, :, None].contiguous()
        change_dense(view, operations, False)
        dense.append(view[0, :, :, 0].T)
    for form in forms:
        assert torch.equal(form, torch.cat(dense))


def test_contrast_of_a_known_image():
    """Greys 10 and 31, mean 20.5, rounded up to 21."""
    view = torch.tensor([10, 31]).byte().expand(1, 3, 2)[..., None]
    view = view.contiguous()
    values = ColorJitter(contrast=(0.5, 0.5)).draw(
        torch.tensor([[2, 1]]), torch.Generator()
    )
    change_dense(
        view,
        colour_program([ColorJitter(contrast=(0.5, 0.5))], [values]),
        True,
    )
    # 21 + 0.5 * (10 - 21) = 15.5 and 21 + 0.5 * (31 - 21) = 26, rounded down.
    assert view[0, 0, :, 0].tolist() == [15, 26]
