import numpy as np
import pytest
from PIL import Image

from hirl_mm.datasets.transforms import LoadImage


@pytest.mark.parametrize('content', [b'', b'no image', None])
def test_files_without_an_image(content, tmp_path):
    """Empty, broken or missing: refused by name, or ignored on request."""
    path = tmp_path / 'broken.png'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OSError, match=r'cannot read the image .*broken.png'):
        LoadImage()(dict(img_path=str(path)))
    assert LoadImage(ignore_empty=True)(dict(img_path=str(path))) is None


def test_arrays_stay_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    found = LoadImage()(dict(img=pixels, gt_label=3))
    assert np.array_equal(found['img'], pixels) and found['gt_label'] == 3
    assert found['img_shape'] == found['ori_shape'] == (5, 7)
    found = LoadImage(to_float32=True)(dict(img=pixels, img_path=None))
    assert found['img'].dtype == np.float32


def test_grey_arrays_get_the_channels_of_grey_files(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'grey.png')
    for color_type in ('color', 'grayscale'):
        load = LoadImage(color_type=color_type)
        of_file = load(dict(img_path=str(tmp_path / 'grey.png')))['img']
        of_array = load(dict(img=pixels))['img']
        assert np.array_equal(of_array.squeeze(), of_file.squeeze())
    assert of_array.ndim == 2
