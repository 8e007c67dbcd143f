"""Pictures of differences: where dots, intervals and headings stand."""

import pytest
from matplotlib import image

from hirl_mm.visualization.difference_dots import (
    DifferenceRow,
    draw_difference_dots,
)

ROWS = [
    DifferenceRow('photos', 'HIRL', dict(kNN=[1.0, 2.0]), dict(kNN=(0.5, 3))),
    DifferenceRow('photos', 'other', dict(kNN=[-1, 2]), dict(kNN=(-4, 5.0))),
    DifferenceRow('shapes', 'HIRL', dict(NMI=[-3.0]), {}),
]


@pytest.fixture
def drawn(figures, tmp_path):
    """The axes of the picture, by the names of the figures."""
    path = tmp_path / 'differences.png'
    draw_difference_dots(ROWS, ['kNN', 'NMI'], path)
    assert image.imread(path).std() > 0.01
    return {axes.get_title(): axes for axes in figures[0].axes}


def lines(axes, marker):
    return [line for line in axes.lines if line.get_marker() == marker]


def test_rows_under_their_headings(drawn):
    labels = drawn['kNN'].get_yticklabels()
    places = sorted(
        (label.get_position()[1], label.get_text()) for label in labels
    )
    assert [text for _, text in places] == [
        *('photos', 'HIRL', 'other', 'shapes', 'HIRL')
    ]
    bold = {t.get_text() for t in labels if t.get_fontweight() == 'bold'}
    assert bold == {'photos', 'shapes'}
    assert drawn['kNN'].yaxis_inverted()


def test_every_seed_is_a_dot(drawn):
    dots = [list(line.get_xdata()) for line in lines(drawn['kNN'], 'o')]
    assert dots == [[1.0, 2.0], [-1, 2]]
    (single,) = lines(drawn['NMI'], 'o')
    assert list(single.get_xdata()) == [-3.0]
    assert list(single.get_ydata()) == [4]


def test_colour_tells_whether_the_interval_excludes_zero(drawn):
    clear, unclear = lines(drawn['kNN'], '|')
    assert list(clear.get_xdata()) == [1.5]
    assert clear.get_color() != unclear.get_color()
    (single,) = lines(drawn['NMI'], '|')
    assert single.get_color() == unclear.get_color()
    bars = [
        list(x.get_xdata()) for x in drawn['kNN'].lines if x.get_lw() == 2.5
    ]
    assert bars == [[0.5, 3], [-4, 5.0]]
