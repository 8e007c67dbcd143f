import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from hirl_mm.visualization.line_drawing import save_line_drawing


def drawing(height=6):
    figure = Figure(figsize=(8, height), layout='constrained')
    axes = figure.subplots()
    for number in range(20):
        axes.plot(
            np.cos(np.arange(300) / (number + 5)) + number, 'o-', ms=3, lw=0.7
        )
    axes.set_title('twenty curves')
    return figure


def pixels(file):
    with Image.open(file) as picture:
        return np.asarray(picture.convert('RGB')).astype(int)


# The second has more than 2^32 / 255 pixels.
@pytest.mark.parametrize(
    'height', [6, pytest.param(240, marks=pytest.mark.slow)]
)
def test_png_has_fewer_bytes_and_the_same_look(tmp_path, height):
    figure, small, full = drawing(height), tmp_path / 'small.png', io.BytesIO()
    save_line_drawing(figure, small)
    figure.savefig(full, format='png')
    assert small.stat().st_size < len(full.getvalue()) / 2
    change = np.abs(pixels(small) - pixels(full))
    assert change.max() <= 32
    assert change.mean() < 0.5


def test_other_formats_are_those_of_matplotlib(tmp_path):
    save_line_drawing(drawing(), tmp_path / 'drawing.svg')
    assert '</svg>' in (tmp_path / 'drawing.svg').read_text()
