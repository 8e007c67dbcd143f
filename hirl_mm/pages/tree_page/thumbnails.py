"""Small square pictures of images, side by side in sheets."""

import os
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageOps

# Thumbnails per row and column of a sheet.
SIDE = 16
PER_SHEET = SIDE * SIDE
# WebP takes an eighth less space, but seventeen times as long.
_QUALITY, _FINE_QUALITY = 80, 92
# Thumbnails of fewer pixels are magnified on the page, so they need the
# better quality, and colours of full resolution.
_FINE = 48
# Share of the side of a thumbnail that a decoded image may lack. JPEG files of
# 500 x 375, ImageNet's most common size, are then decoded at a quarter of it,
# 94 pixels high, for thumbnails of 96: in two thirds of the time of a half.
_LACK = 1 / 8
# Grey that stands for an image that cannot be read, on light and dark.
_MISSING, _STROKE = (150, 150, 150), (110, 110, 110)

Reader = Callable[[int, int], Image.Image]


def thumbnail(image: Image.Image, size: int) -> Image.Image:
    """Return the middle square of an image in 8-bit RGB.

    Args:
        image: Image of any mode; transparent parts become white, and values
            of more than 8 bits are stretched to the range of the image.
        size: Side in pixels.
    """
    rgb = _rgb(image)
    return ImageOps.fit(rgb, (size, size), Image.Resampling.LANCZOS)


def missing(size: int) -> Image.Image:
    """Return what stands for an image that cannot be read."""
    image = Image.new('RGB', (size, size), _MISSING)
    pen = ImageDraw.Draw(image)
    width = max(size // 24, 1)
    pen.line((0, 0, size, size), _STROKE, width)
    pen.line((0, size, size, 0), _STROKE, width)
    return image


def draw_sheet(
    samples: Sequence[int], read: Reader, size: int, out: str | os.PathLike
) -> list[int]:
    """Draw a sheet of thumbnails, 16 in each of 16 rows.

    Args:
        samples: Numbers of at most 256 images.
        read: Function from the number of an image and the least side in
            pixels to the image; raises ValueError if it cannot be read.
        size: Side of a thumbnail in pixels.
        out: File to write, in the format JPEG.

    Returns:
        Numbers of the images that could not be read, in whose place a grey
        square stands.
    """
    # All sheets have one size, so that the page finds a place by its share.
    sheet = Image.new('RGB', (SIDE * size, SIDE * size), _MISSING)
    unread = []
    least_side = round(size * (1 - _LACK))
    for i, sample in enumerate(samples):
        try:
            cell = thumbnail(read(sample, least_side), size)
        except ValueError:
            unread.append(sample)
            cell = missing(size)
        row, column = divmod(i, SIDE)
        sheet.paste(cell, (column * size, row * size))
    if size < _FINE:
        options = dict(quality=_FINE_QUALITY, subsampling=0)
    else:
        options = dict(quality=_QUALITY)
    sheet.save(out, 'JPEG', **options)
    return unread


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(('I', 'F')):
        values = np.asarray(image, dtype=np.float64)
        values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        low, high = values.min(), values.max()
        scaled = (values - low) * (255 / max(high - low, 1e-12))
        image = Image.fromarray(scaled.astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert('RGBA')
        white = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(white, image)
    return image.convert('RGB')
