import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from hirl_mm.datasets.read_image import read_image
from hirl_mm.pages.tree_page.preview import preview, thumbnail_size
from hirl_mm.pages.tree_page.thumbnail_cells import ThumbnailCells
from hirl_mm.pages.tree_page.thumbnails import draw_sheet, missing, thumbnail
from tests.page_data import color_of, colored


def test_the_middle_square_is_shown():
    image = Image.new('RGB', (90, 30), 'red')
    image.paste('blue', (30, 0, 60, 30))
    small = thumbnail(image, 10)
    assert small.size == (10, 10)
    red, _, blue = np.asarray(small)[:, 2:-2].mean((0, 1))
    assert red < 3 and blue > 252


@pytest.mark.parametrize(
    'mode', ['1', 'L', 'P', 'CMYK', 'RGBA', 'LA', 'YCbCr']
)
def test_modes_become_rgb(mode):
    image = Image.new('RGB', (12, 12), (200, 200, 200)).convert(mode)
    found = np.asarray(thumbnail(image, 6)).astype(int)
    assert found.shape == (6, 6, 3)
    # Two colours are mixed to the same mean.
    assert abs(found.mean() - 200) < 30


@pytest.mark.parametrize('dtype', [np.uint16, np.int32, np.float32])
def test_more_than_8_bits_are_stretched(dtype):
    ramp = np.linspace(0, 4000, 64).astype(dtype).reshape(8, 8)
    found = np.asarray(thumbnail(Image.fromarray(ramp), 8))
    assert found.min() < 15 and found.max() > 240
    assert abs(found.mean() - 127) < 10


def test_one_value_and_values_that_are_no_numbers():
    flat = np.full((4, 4), 7, np.int32)
    assert np.ptp(np.asarray(thumbnail(Image.fromarray(flat), 4))) == 0
    odd = np.array([[np.nan, np.inf], [0, 1]], np.float32)
    found = np.asarray(thumbnail(Image.fromarray(odd), 2))
    assert found[..., 0].tolist() == [[0, 0], [0, 255]]


def test_transparent_is_white():
    image = Image.new('RGBA', (8, 8), (0, 0, 0, 0))
    assert np.asarray(thumbnail(image, 4)).min() == 255


def test_a_sheet_has_its_images_in_rows(tmp_path):
    def read(sample, least_side):
        if sample == 17:
            raise ValueError('broken')
        return colored(sample)

    out = tmp_path / 'sheet.jpg'
    assert draw_sheet(list(range(40)), read, 20, out) == [17]
    sheet = np.asarray(Image.open(out).convert('RGB')).astype(int)
    assert sheet.shape == (320, 320, 3)
    for sample in (0, 5, 15, 16, 39):
        row, column = divmod(sample, 16)
        cell = sheet[20 * row + 5 : 20 * row + 15, 20 * column + 5 :][:, :10]
        assert abs(cell.mean((0, 1)) - color_of(sample)).max() < 12
    cell = sheet[20:40, 20:40]
    expected = np.asarray(missing(20)).astype(int)
    assert abs(cell - expected).mean() < 12


def test_cells_of_nodes():
    samples = np.array([[4, -1, 5], [-1, -1, -1], [6, 7, 8]])
    cells = ThumbnailCells(samples)
    assert cells.flat.tolist() == [4, 5, 6, 7, 8]
    assert cells.first.tolist() == [0, 2, 2, 5]
    many = ThumbnailCells(np.arange(600).reshape(100, 6))
    assert [len(sheet) for sheet in many.sheets()] == [256, 256, 88]


def test_thumbnails_are_no_larger_than_images():
    sizes = {0: (30, 50), 1: (20, 20), 2: (500, 500)}

    def read(sample, least_side):
        if sample == 3:
            raise ValueError('broken')
        return Image.new('L', sizes[sample])

    assert thumbnail_size([0, 1, 3], read, 96) == 30
    assert thumbnail_size([0, 1, 2], read, 96) == 96
    assert thumbnail_size([3], read, 96) == 96


def test_a_preview_is_near_the_size_of_the_sheets(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 48, 48, 3), 'u1')

    def read(sample, least_side):
        return Image.fromarray(noise[sample])

    found = preview(list(range(200)), 1000, 400, read, 48, threads=1)
    sheets = 0
    for part in (range(200), range(200)):
        out = tmp_path / 'sheet.jpg'
        draw_sheet(list(part), read, 48, out)
        sheets += out.stat().st_size
    text = 400 * 70 + 1000 * 140
    assert found.num_bytes - text == pytest.approx(sheets, rel=0.15)
    assert found.seconds > 0
    assert '1,000 images, 400 thumbnails of 48 pixels: about' in str(found)


def test_large_photographs_are_decoded_small(tmp_path):
    """With enough pixels, turned as their EXIF says."""
    exif = Image.Exif()
    exif[274] = 6  # the camera was turned by 90 degrees
    image = Image.new('RGB', (1600, 800), 'red')
    image.save(tmp_path / 'photo.jpg', exif=exif)
    assert read_image(tmp_path / 'photo.jpg').size == (800, 1600)
    for least_side, size in ((90, (100, 200)), (300, (400, 800))):
        small = read_image(tmp_path / 'photo.jpg', least_side)
        assert small.size == size


@pytest.mark.parametrize('content', [b'', b'no image', b'\x89PNG\r\n\x1a\nxx'])
def test_files_without_an_image(content, tmp_path):
    (tmp_path / 'broken.png').write_bytes(content)
    with pytest.raises(ValueError, match='cannot read the image .*broken'):
        read_image(tmp_path / 'broken.png', 10)


@pytest.mark.parametrize(
    'side', [(500, 375), (375, 500), (340, 340), (100, 90), (1600, 1200)]
)
def test_a_reduced_jpeg_has_the_thumbnail_of_all_pixels(tmp_path, side):
    """But for fine texture, which is smoothed in different ways."""
    photo = Image.fromarray(load_sample_image('china.jpg'))
    file = tmp_path / 'photo.jpg'
    photo.resize(side).save(file, quality=95)
    sheets = []

    def reduced(sample, least_side):
        return read_image(file, least_side)

    for read in (reduced, lambda *_: read_image(file)):
        draw_sheet([0], read, 96, tmp_path / 'sheet.jpg')
        sheet = np.asarray(Image.open(tmp_path / 'sheet.jpg').convert('RGB'))
        sheets.append(sheet[:96, :96].astype(float))
    assert abs(sheets[0] - sheets[1]).mean() < 7


def test_the_most_common_photographs_are_decoded_at_a_quarter(tmp_path):
    Image.new('RGB', (500, 375)).save(tmp_path / 'photo.jpg')
    sizes = []

    def read(sample, least_side):
        image = read_image(tmp_path / 'photo.jpg', least_side)
        sizes.append(image.size)
        return image

    draw_sheet([0], read, 96, tmp_path / 'sheet.jpg')
    assert sizes == [(125, 94)]
