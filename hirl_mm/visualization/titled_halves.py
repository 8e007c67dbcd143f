import os
from collections.abc import Iterable
from pathlib import Path

from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from hirl_mm.files import replacing

_TEXT, _STRIP = 11, 18


def title_halves(
    files: Iterable[str | os.PathLike], left: str, right: str
) -> None:
    """Write titles above the two halves of pictures.

    Args:
        files: Pictures whose halves stand side by side; a strip of 18 pixels
            is added on top of each.
        left: Title of the left half.
        right: Title of the right half.

    Raises:
        OSError: If a picture cannot be read or written.
    """
    font = ImageFont.truetype(findfont('DejaVu Sans'), _TEXT)
    for file in map(Path, files):
        with Image.open(file) as opened:
            picture = opened.convert('RGB')
        size = picture.width, picture.height + _STRIP
        titled = Image.new('RGB', size, 'white')
        titled.paste(picture, (0, _STRIP))
        draw = ImageDraw.Draw(titled)
        for x, title in ((3, left), (picture.width // 2 + 3, right)):
            draw.text((x, 2), title, 'black', font)
        with replacing(file) as temporary:
            titled.save(temporary)
