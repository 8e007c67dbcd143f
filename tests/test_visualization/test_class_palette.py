import numpy as np
import pytest

from hirl_mm.visualization.class_palette import ClassPalette


def test_names_and_colors_of_classes():
    labels = np.repeat(np.arange(10), np.arange(10, 0, -1))
    long = ['an uncommonly long name', 'a$b$c'] + ['x'] * 8
    palette = ClassPalette(labels, long)
    assert palette.name(0) == 'an uncommonly lon…'
    assert palette.name(1) == r'a\$b\$c'
    everything = np.arange(len(labels))
    shares = palette.shares(everything)
    assert [share * 55 for _, share in shares] == pytest.approx(
        [10, 9, 8, 7, 6, 5, 4, 3, 2 + 1]
    )
    assert shares[0][0] == palette.color(0) == '#1f77b4'
    assert len({color for color, _ in shares}) == 9
    assert palette.majority(everything) == (0, pytest.approx(100 * 10 / 55))
    many = ClassPalette(np.arange(1000))
    assert len({many.color(label) for label in range(300)}) > 290
