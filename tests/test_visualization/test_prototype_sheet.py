import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from hirl_mm.visualization import draw_prototype_sheet
from hirl_mm.visualization.prototype_sheet import (
    MEMBER,
    OTHER,
    PrototypeRow,
    PrototypeSection,
)


def row(number, num=3):
    pictures = [
        Image.new('RGB', (20, 20), (60 * number, 50 * i, 9))
        for i in range(num)
    ]
    return PrototypeRow(
        rf'$\p_{number}$', 'a & b', pictures, [True] + [False] * 2
    )


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    figures, save = [], Figure.savefig

    def keep(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        figures.append(figure)

    monkeypatch.setattr(Figure, 'savefig', keep)

    def draw(sections, **options):
        draw_prototype_sheet(sections, tmp_path / 'sheet.png', **options)
        return figures[-1], np.asarray(Image.open(tmp_path / 'sheet.png'))

    return draw


def color_of(pixel):
    return '#{:02x}{:02x}{:02x}'.format(*pixel)


def test_pictures_in_order_with_their_frames(drawn):
    sections = [
        PrototypeSection('One', 'first', [row(1), row(2)]),
        PrototypeSection('Two', 'second', [row(3)]),
    ]
    figure, pixels = drawn(sections, title=r'Title $\x$', note='Note')
    (axes,) = figure.axes
    shown = [image.get_extent() for image in axes.images]
    assert len(shown) == 3
    assert shown[0][0] == shown[1][0] < shown[2][0]
    assert shown[0][3] == shown[2][3] < shown[1][3]
    for (left, _, _, top), number in zip(shown, (1, 2, 3), strict=True):
        for i, color in enumerate([MEMBER, OTHER, OTHER]):
            x, y = int(left) + 70 * i, int(top)
            assert color_of(pixels[y + 1, x + 1, :3]) == color
            middle = pixels[y + 33, x + 33, :3]
            assert middle.tolist() == [60 * number, 50 * i, 9]
    texts = {text.get_text(): text.get_position() for text in axes.texts}
    assert {r'Title $\x$', 'Note', 'One', 'second', r'$\p_1$', 'a & b'} <= set(
        texts
    )
    # The caption is above its pictures.
    assert texts['One'][1] < texts[r'$\p_1$'][1] < shown[0][3]


@pytest.mark.parametrize(
    'long', [dict(title='a title ' * 9), dict(note='a note ' * 20)]
)
def test_a_long_head_widens_the_picture(drawn, long):
    figure, _ = drawn([PrototypeSection('One', '', [row(1)])], **long)
    (axes,) = figure.axes
    right = axes.get_window_extent().x1
    assert all(t.get_window_extent().x1 <= right for t in axes.texts)


def test_no_text_leaves_the_picture(drawn):
    note = 'a long note ' * 12
    sections = [PrototypeSection(str(i), note, [row(i)]) for i in range(4)]
    figure, _ = drawn(sections, title='long title ' * 9, note=note * 2)
    (axes,) = figure.axes
    window = axes.get_window_extent()
    for text in axes.texts:
        box = text.get_window_extent()
        assert window.x0 <= box.x0 and box.x1 <= window.x1
        assert window.y0 <= box.y0 and box.y1 <= window.y1
    # Three side by side, then the fourth below the first.
    left = [image.get_extent()[0] for image in axes.images]
    assert left[0] < left[1] < left[2] and left[3] == left[0]
    ends = [
        t.get_window_extent().x1 for t in axes.texts if t.get_text() == note
    ]
    assert all(
        end <= start for end, start in zip(ends, left[1:3], strict=False)
    )


def test_errors(tmp_path):
    empty = [PrototypeSection('One', '', [])]
    with pytest.raises(ValueError, match='no prototype to show'):
        draw_prototype_sheet(empty, tmp_path / 'sheet.png')
    section = [PrototypeSection('One', '', [row(1)])]
    with pytest.raises(ValueError, match=r"must end in one of .*sheet.doc'"):
        draw_prototype_sheet(section, tmp_path / 'sheet.doc')
    assert not list(tmp_path.iterdir())
