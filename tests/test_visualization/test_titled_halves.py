import numpy as np
from PIL import Image

from hirl_mm.visualization.titled_halves import title_halves
from tests.digit_images import pixels


def test_each_half_has_its_title(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (40, 200, 3), np.uint8)
    files = [tmp_path / 'a.png', tmp_path / 'b.png']
    for file in files:
        Image.fromarray(noise).save(file)
    title_halves([files[0]], 'truth', '')
    title_halves([files[1]], '', 'found')
    for file, first, second in zip(
        files, (True, False), (False, True), strict=True
    ):
        shown = pixels(file)
        np.testing.assert_array_equal(shown[18:], noise)
        dark = shown[:18].max(2) < 100
        assert (dark[:, :100].any(), dark[:, 100:].any()) == (first, second)
    assert sorted(tmp_path.iterdir()) == files
