import numpy as np
import pytest

from hirl_mm.visualization.semantic_tree_layout import select_nodes
from tests.digit_images import DIGITS, digit
from tests.trees import tree_of


def texts(axes):
    """The texts of a picture, with their boxes in pixels."""
    return [
        (text.get_text(), text.get_window_extent().extents)
        for text in axes.texts
    ]


def test_says_what_it_shows_and_leaves_out(tree, axes_of):
    axes = axes_of(
        tree,
        digit,
        labels=DIGITS.target,
        class_names=[f'digit {i}' for i in range(10)],
        max_roots=3,
        max_children=1,
        title='After 7 epochs',
    )
    found = texts(axes)
    lines = [text for text, _ in found]
    assert lines[0] == 'After 7 epochs'
    assert 'N = 1,797 images' in lines[1]
    assert 'K = 24 / 10 / 4 prototypes from fine to coarse' in lines[1]
    assert 'none of them empty' in lines[1]
    assert {'3 of 24 shown', '3 of 10 shown', '3 of 4 shown'} < set(lines)
    assert any(line.startswith('1 of ') for line in lines)
    assert lines.count('digit 3') == 1
    roots = select_nodes(tree, 1, 1)
    counts = np.bincount(DIGITS.target[roots[0].members])
    share = 100 * counts.max() / counts.sum()
    assert f'digit {counts.argmax()} · {share:.0f} %' in lines
    assert f'{counts.sum()} images' in lines


@pytest.mark.parametrize(
    ('limits', 'labelled'),
    [
        ({}, True),
        ({'max_roots': 4, 'max_children': 30}, False),
    ],
)
def test_texts_do_not_overlap(tree, axes_of, limits, labelled):
    if labelled:
        names = ['a class with a really long name'] * 10
        limits |= {'labels': DIGITS.target, 'class_names': names}
    axes = axes_of(tree, digit, **limits)
    found, (width, height) = texts(axes), axes.figure.canvas.get_width_height()
    for i, (text, box) in enumerate(found):
        assert box[0] >= 0 and box[1] >= 0, text
        assert box[2] <= width and box[3] <= height, text
        for other, b in found[:i]:
            wide = min(box[2], b[2]) - max(box[0], b[0])
            high = min(box[3], b[3]) - max(box[1], b[1])
            # boxes hold the room of descenders, which may touch
            assert wide <= 0 or high <= 4, (text, other)


@pytest.mark.slow
def test_texts_of_low_rows_do_not_overlap(axes_of):
    # 60 roots, each with a child that is not shown
    tree = tree_of(list(range(120)) * 2, [i // 2 for i in range(120)])
    axes = axes_of(
        tree,
        digit,
        labels=[i % 7 for i in range(240)],
        max_roots=55,
        max_children=1,
        members_per_leaf=1,
    )
    found, line = texts(axes), '4 images, 1 of 2 children'
    boxes = [box for text, box in found if text == line]
    assert len(boxes) == 55
    x = boxes[0][0]
    left = sorted(box[1::2].tolist() for _, box in found if box[0] == x)
    for below, above in zip(left[:-1], left[1:], strict=True):
        assert below[1] - above[0] <= 4


def test_text_stands_beside_its_image(axes_of):
    axes = axes_of(
        tree_of([0, 0, 1, 1], [0, 0]),
        digit,
        labels=[0, 0, 1, 1],
        class_names=['cat', 'dog'],
        max_children=1,
    )
    heights = {
        text.get_text(): text.get_position()[1]
        for text in reversed(axes.texts)  # the root comes before its child
    }
    first, last = heights['cat · 100 %'], heights['2 images']
    top, bottom = axes.images[0].get_extent()[2:]
    assert (first + last) / 2 == pytest.approx((top + bottom) / 2, abs=4)


def test_legend_of_a_narrow_picture_has_several_lines(axes_of):
    axes = axes_of(tree_of([0] * 20), digit, labels=list(range(20)))
    legend = [box for text, box in texts(axes) if text.startswith('class')]
    # The last is the name of the majority class beside the images.
    assert len({box[1] for box in legend[:-1]}) > 2
    assert axes.figure.canvas.get_width_height()[0] < 1000


def test_a_legend_of_many_classes_is_left_out(axes_of):
    tree = tree_of([0] * 21)
    lines = [text for text, _ in texts(axes_of(tree, digit, labels=range(21)))]
    assert 'class 20' not in lines
    few = [*range(20), 0]
    lines = [text for text, _ in texts(axes_of(tree, digit, labels=few))]
    assert lines.count('class 19') == 1
