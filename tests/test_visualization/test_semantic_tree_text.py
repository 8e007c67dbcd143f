import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from hirl_mm.visualization import draw_semantic_tree
from hirl_mm.visualization.semantic_tree_layout import select_nodes
from tests.digit_images import DIGITS, digit, pixels
from tests.trees import tree_of


def texts(monkeypatch, *args, **kwargs):
    """The texts of a picture, with their boxes in pixels."""
    boxes = []
    save = Figure.savefig

    def watch(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        for text in figure.axes[0].texts:
            box = text.get_window_extent()
            boxes.append((text.get_text(), box.extents))

    monkeypatch.setattr(Figure, 'savefig', watch)
    draw_semantic_tree(*args, **kwargs)
    return boxes


def test_says_what_it_shows_and_leaves_out(tree, tmp_path, monkeypatch):
    found = texts(
        monkeypatch,
        tree,
        digit,
        tmp_path / 'tree.png',
        labels=DIGITS.target,
        class_names=[f'digit {i}' for i in range(10)],
        max_roots=3,
        max_children=1,
        title='After 7 epochs',
    )
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
        ({'max_children': 1}, True),
    ],
)
def test_texts_do_not_overlap(tree, tmp_path, monkeypatch, limits, labelled):
    if labelled:
        names = ['a class with a really long name'] * 10
        limits |= {'labels': DIGITS.target, 'class_names': names}
    out = tmp_path / 'tree.png'
    found = texts(monkeypatch, tree, digit, out, **limits)
    height, width, _ = pixels(out).shape
    for i, (text, box) in enumerate(found):
        assert box[0] >= 0 and box[1] >= 0, text
        assert box[2] <= width and box[3] <= height, text
        for other, b in found[:i]:
            wide = min(box[2], b[2]) - max(box[0], b[0])
            high = min(box[3], b[3]) - max(box[1], b[1])
            # boxes hold the room of descenders, which may touch
            assert wide <= 0 or high <= 4, (text, other)


def test_texts_of_low_rows_do_not_overlap(tmp_path, monkeypatch):
    # 60 roots, each with a child that is not shown
    tree = tree_of(list(range(120)) * 2, [i // 2 for i in range(120)])
    found = texts(
        monkeypatch,
        tree,
        lambda i: digit(i),
        tmp_path / 'tree.png',
        labels=[i % 7 for i in range(240)],
        max_roots=55,
        max_children=1,
        members_per_leaf=1,
    )
    line = '4 images, 1 of 2 children'
    boxes = [box for text, box in found if text == line]
    assert len(boxes) == 55
    x = boxes[0][0]
    left = sorted(box[1::2].tolist() for _, box in found if box[0] == x)
    for below, above in zip(left[:-1], left[1:], strict=True):
        assert below[1] - above[0] <= 4


def test_text_stands_beside_its_image(tmp_path, monkeypatch):
    out = tmp_path / 'tree.png'
    tree = tree_of([0, 0, 1, 1], [0, 0])
    color = (11, 222, 99)
    found = texts(
        monkeypatch,
        tree,
        lambda i: Image.new('RGB', (9, 9), color),
        out,
        labels=[0, 0, 1, 1],
        class_names=['cat', 'dog'],
        max_children=1,
    )
    picture = pixels(out)
    rows = np.flatnonzero((picture == color).all(axis=2).any(axis=1))
    center = len(picture) - (rows[0] + rows[-1] + 1) / 2
    root = ['2 images', 'cat · 100 %']
    boxes = np.stack([box for text, box in found if text in root])
    middle = (boxes[:, 1].min() + boxes[:, 3].max()) / 2
    assert abs(middle - center) < 4


def test_a_legend_of_many_classes_is_left_out(tmp_path, monkeypatch):
    tree = tree_of([0] * 21)
    out = tmp_path / 'tree.png'
    found = texts(monkeypatch, tree, digit, out, labels=range(21))
    assert not any(text == 'class 20' for text, _ in found)
    found = texts(monkeypatch, tree, digit, out, labels=[*range(20), 0])
    assert sum(text == 'class 19' for text, _ in found) == 1
