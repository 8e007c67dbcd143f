import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from hirl_mm.views.box_blur import blur_by_passes, box_weights
from tests.replayed_views import picture

RADII = [0.0, 0.1, 0.5, 0.9, 1.3, 1.42, 2.0, 2.4, 2.5, 7.0, 30.0]


@pytest.mark.parametrize('size', [(40, 33), (1, 1), (1, 50), (50, 2), (6, 6)])
def test_blur_is_that_of_pillow(size):
    image = picture(*size)
    views = torch.from_numpy(image).permute(2, 0, 1)
    views = views.expand(len(RADII), *views.shape).contiguous()
    blur_by_passes(views, torch.tensor(RADII))
    for view, radius in zip(views, RADII, strict=True):
        expected = Image.fromarray(image).filter(
            ImageFilter.GaussianBlur(radius)
        )
        assert np.array_equal(view.permute(1, 2, 0), np.array(expected))


def test_boxes_have_the_variance_of_the_blur():
    radii = torch.linspace(0.3, 9, 50).double()
    reach, inner, outer = (x.double() for x in box_weights(radii))
    total = (2 * reach + 1) * inner + 2 * outer
    assert ((total <= 2**24) & (total > 2**24 - 100)).all()
    squares = reach * (reach + 1) * (2 * reach + 1) / 3
    variance = squares * inner + 2 * (reach + 1) ** 2 * outer
    torch.testing.assert_close(
        3 * variance / 2**24, radii**2, rtol=1e-4, atol=0
    )


def test_groups_change_nothing(monkeypatch):
    views = torch.randint(0, 256, (30, 3, 7, 9)).byte()
    radii = torch.rand(30) * 4
    some = views.clone()
    blur_by_passes(views, radii)
    monkeypatch.setattr('hirl_mm.views.box_blur._CPU_NUMBERS', 500)
    blur_by_passes(some, radii)
    assert torch.equal(views, some)
