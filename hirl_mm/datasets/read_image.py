"""Reading an image to look at it."""

import os
from io import BytesIO

from PIL import Image, ImageOps

from hirl_mm.datasets.shards.locations import in_shards, read_shards

# Pillow gives these to another program, whatever the file is called.
_PROGRAMS = {'EPS'}


def read_image(
    path: str | os.PathLike, least_side: int | None = None
) -> Image.Image:
    """Read an image and rotate it by its EXIF orientation.

    PostScript is no image here: Pillow would start Ghostscript, which runs
    it as a program.

    Args:
        path: File of the image, also one in shards.
        least_side: Pixels that both sides keep if they have them. A JPEG is
            then decoded at a half, a quarter or an eighth of its size if
            that is enough, in a fraction of the time. None for all pixels.

    Raises:
        ValueError: If the image cannot be read.
    """
    try:
        file = BytesIO(read_shards(str(path))) if in_shards(path) else path
        with Image.open(file, formats=_formats()) as image:
            if least_side is not None:
                image.draft(None, (least_side, least_side))
            return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f'cannot read the image {path}: {error}') from error


def _formats() -> list[str]:
    """Return the formats that Pillow itself decodes."""
    Image.init()
    return [name for name in Image.OPEN if name not in _PROGRAMS]
