"""Reading an image to look at it."""

import os
from io import BytesIO

from PIL import Image, ImageOps

from hirl_mm.datasets.shards.locations import in_shards, read_shards


def read_image(
    path: str | os.PathLike, least_side: int | None = None
) -> Image.Image:
    """Read an image and rotate it by its EXIF orientation.

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
        with Image.open(file) as image:
            if least_side is not None:
                image.draft(None, (least_side, least_side))
            return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f'cannot read the image {path}: {error}') from error
