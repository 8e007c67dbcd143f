import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from hirl_mm.visualization import draw_neighbor_sheet
from hirl_mm.visualization.neighbor_sheet import (
    OTHER,
    SAME,
    mixed_picture,
)
from tests.digit_images import DIGITS, digit

TABLES = {1: np.tile([5, 10, 11], (20, 1)), 6: np.tile([7, 5, 10], (20, 1))}


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws a sheet; gives its figure, while the file is written."""
    figures, save = [], Figure.savefig

    def keep(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        figures.append(figure)

    monkeypatch.setattr(Figure, 'savefig', keep)

    def draw(*args, images=digit, **options):
        out = tmp_path / 'sheet.png'
        draw_neighbor_sheet(*args, out, images, **options)
        assert out.stat().st_size
        return figures[-1]

    return draw


def cell(axes, row, column):
    """The pixels of a thumbnail, 64 with its frame, RGB."""
    (shown,) = axes.images
    pixels = np.asarray(shown.get_array())[..., :3]
    return pixels[row * 68 : row * 68 + 64, column * 68 : column * 68 + 64]


def color_of(pixel):
    return '#{:02x}{:02x}{:02x}'.format(*pixel)


def flat(sample):
    """An image of one colour of its own."""
    return Image.new('RGB', (50, 40), (10 * sample, 100, 255 - 10 * sample))


def test_neighbours_in_order_with_their_frames(drawn):
    labels = [0] * 20
    labels[5] = labels[11] = 1
    figure = drawn(TABLES, [3], images=flat, labels=labels)
    (axes,) = figure.axes
    for row, numbers in enumerate([[3, 5, 10, 11], [3, 7, 5, 10]]):
        for column, sample in enumerate(numbers):
            shown = cell(axes, row, column)
            assert (shown[3:-3, 3:-3] == flat(sample).getpixel((0, 0))).all()
            if column:
                same = labels[sample] == 0
                assert color_of(shown[0, 0]) == (SAME if same else OTHER)
    assert [t.get_text() for t in axes.get_yticklabels()] == [
        'epoch 1',
        'epoch 6',
    ]
    texts = [text.get_text() for text in axes.get_xticklabels()]
    assert texts == ['image', '1', '2', '3', 'mix']
    assert axes.get_title('left').startswith('image 3, class 0 (green')


def test_mix_is_with_the_first_neighbour_of_the_epoch(drawn):
    (axes,) = drawn(TABLES, [3], images=flat, mix_share=0.75).axes
    for row, first in enumerate([5, 7]):
        shown = cell(axes, row, 4)
        assert (shown[32, 32] == flat(first).getpixel((0, 0))).all()
        assert (shown[5, 5] == flat(3).getpixel((0, 0))).all()


@pytest.mark.parametrize('share', [0, 0.3, 0.75, 1])
def test_share_of_the_mix(share):
    images = Image.new('L', (200, 100), 0), Image.new('L', (200, 100), 1)
    mixed = np.asarray(mixed_picture(*images, share))
    assert mixed.mean() == pytest.approx(1 - share, abs=0.01)
    box = np.argwhere(mixed)
    if len(box):
        assert (np.ptp(box, axis=0) + 1).prod() == len(box)
        np.testing.assert_allclose(box.mean(0), [49.5, 99.5], atol=0.5)
    assert not np.asarray(images[0]).any()


def test_curves_and_names(drawn):
    curves = {'none': {}, 'kept': {6: 40.0}, 'same': {1: 20.0, 6: 80.4}}
    figure = drawn(
        TABLES,
        [3, 4],
        labels=DIGITS.target.tolist(),
        class_names=[rf'$\digit {i}$' for i in range(10)],
        curves=curves,
    )
    assert len(figure.axes) == 3
    assert r'class $\digit 3$ (' in figure.axes[0].get_title('left')
    below = figure.axes[2]
    assert [list(line.get_xdata()) for line in below.lines] == [[6], [1, 6]]
    texts = [text.get_text() for text in below.texts]
    assert texts == ['40', '20', '80']


def test_an_image_without_neighbours_has_no_class_marks(drawn):
    tables = {1: np.tile([3], (20, 2))}
    (axes,) = drawn(tables, [3], labels=[0] * 20).axes
    assert color_of(cell(axes, 0, 1)[0, 0]) not in (SAME, OTHER)


def test_rejects(tmp_path):
    with pytest.raises(ValueError, match='got 0 tables and 1 images'):
        draw_neighbor_sheet({}, [1], tmp_path / 'a.png', digit)
    with pytest.raises(ValueError, match='got 2 tables and 0 images'):
        draw_neighbor_sheet(TABLES, [], tmp_path / 'a.png', digit)
    assert not list(tmp_path.iterdir())
