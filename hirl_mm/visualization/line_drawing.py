import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

_COLOURS = 256


def save_line_drawing(figure: Figure, path: Path) -> None:
    """Save a drawing of lines and dots; PNG in 256 colours.

    A third of the size of full colours: the few colours of a drawing and
    their shades along edges need no more.

    Args:
        path: File to write; its suffix chooses the format.
    """
    if path.suffix.lower() != '.png':
        figure.savefig(path)
        return
    drawn = io.BytesIO()
    figure.savefig(drawn, format='png')
    with Image.open(drawn) as picture:
        # No `kmeans`: its sums overflow in pictures of 17 million pixels.
        picture.convert('RGB').quantize(
            _COLOURS,
            method=Image.Quantize.MAXCOVERAGE,
            dither=Image.Dither.NONE,
        ).save(path, optimize=True)
