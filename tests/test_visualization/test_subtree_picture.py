"""Pictures of subtrees: which images, where, and with which words."""

from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from PIL import Image

from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization import draw_subtree, typical_images
from hirl_mm.visualization.typical_images import (
    nearest_members,
    random_members,
)
from tests.digit_images import DIGITS

ROWS = F.normalize(torch.from_numpy(DIGITS.data).float(), dim=1)


class Images:
    """The digits, and which of them were asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, idx):
        self.asked.append(idx)
        return Image.fromarray(DIGITS.images[idx].astype('uint8') * 15)


@pytest.fixture
def draw(tree, tmp_path, monkeypatch):
    """Draws a subtree; gives the axes and the images in their order."""
    figures, save = [], Figure.savefig

    def keep(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        figures.append(figure)

    monkeypatch.setattr(Figure, 'savefig', keep)

    def run(name='subtree.png', of=tree, **options):
        images = Images()
        options = dict(level=2, node=1) | options
        draw_subtree(of, images, tmp_path / name, **options)
        return figures[-1].axes[0], images.asked

    return run


def naive_nearest(tree, level, idx, num):
    members = np.flatnonzero(tree.labels(level).numpy() == idx)
    centre = tree.centroids[level][idx].double().numpy()
    cosines = ROWS.double().numpy()[members] @ centre
    return members[np.argsort(-cosines, kind='stable')[:num]].tolist()


@pytest.mark.parametrize('block', [7, 10**6])
def test_nearest_members(block, tree, monkeypatch):
    monkeypatch.setattr(typical_images, '_BLOCK', block)
    for level, idx in [(0, 3), (1, 5), (2, 0)]:
        found = nearest_members(tree, ROWS, level, idx, 9)
        assert found.tolist() == naive_nearest(tree, level, idx, 9)


def test_of_equally_near_members_the_first():
    tree = PrototypeTree([torch.eye(2)], [], torch.tensor([0, 1, 0, 0]))
    rows = torch.tensor([[0.6, 0.8], [0, 1], [1, 0], [0.6, 0.8]])
    assert nearest_members(tree, rows, 0, 0, 3).tolist() == [2, 0, 3]


def test_random_members(tree):
    members = set(tree.members(2, 1).tolist())
    found = random_members(tree, 2, 1, 20, seed=3)
    assert set(found) <= members and len(set(found)) == 20
    assert (found == random_members(tree, 2, 1, 20, seed=3)).all()
    assert (found != random_members(tree, 2, 1, 20, seed=4)).any()


def test_every_prototype_shows_its_nearest_images(draw, tree):
    _, asked = draw(rows=ROWS)
    expected, sizes = [], tree.sizes(1)
    below = tree.children(2, 1).tolist()
    children = sorted(below, key=lambda child: -sizes[child])[:2]

    def leaves(child):
        found = tree.children(1, child).tolist()
        return sorted(found, key=lambda leaf: -tree.sizes(0)[leaf])[:2]

    num_leaves = sum(len(leaves(child)) for child in children)
    expected += naive_nearest(tree, 2, 1, 3 * min(3 * num_leaves, 8))
    for child in children:
        num = 3 * min(3 * len(leaves(child)), 8)
        expected += naive_nearest(tree, 1, child, num)
        for leaf in leaves(child):
            expected += naive_nearest(tree, 0, leaf, 9)
    assert asked == expected


def test_prototypes_stand_above_the_middle_of_their_branches(draw):
    axes, _ = draw(rows=ROWS, max_children=3)
    boxes = [image.get_extent() for image in axes.images]
    rows = {}
    for left, right, bottom, top in boxes:
        assert 0 < left < right < axes.get_xlim()[1]
        assert 0 < top < bottom < axes.get_ylim()[0]
        rows.setdefault(top, []).append((left, right))
    assert [len(row) for row in rows.values()][0] == 1
    assert len(rows) == 3
    for row in rows.values():
        row.sort()
        assert all(a[1] < b[0] for a, b in zip(row, row[1:], strict=False))
    (root,), children, leaves = (rows[top] for top in sorted(rows))
    middle = (leaves[0][0] + leaves[-1][1]) / 2
    assert sum(root) / 2 == pytest.approx(middle, abs=1)
    assert len(children) == 3


def test_words_of_a_picture(draw, tree):
    labels = torch.from_numpy(DIGITS.target)
    axes, _ = draw(labels=labels, class_names=list('abcdefghij'))
    texts = [text.get_text() for text in axes.texts]
    members = tree.members(2, 1)
    counts = labels[members].bincount()
    share = 100 * counts.max() / len(members)
    assert f'{"abcdefghij"[counts.argmax()]} · {share:.0f} %' in texts
    num = len(tree.children(2, 1))
    size = f'level 2, prototype 1: {len(members)} images'
    assert size + (f', 2 of {num} branches' if num > 2 else '') in texts
    assert any('drawn at random (seed 0)' in text for text in texts)


def test_images_without_a_class(draw):
    labels = torch.full((len(DIGITS.target),), -1)
    axes, _ = draw(labels=labels)
    assert 'no labels' in [text.get_text() for text in axes.texts]
    labels[5] = 3
    draw(labels=labels)


def test_a_tree_of_one_level_and_few_images(draw):
    tree = PrototypeTree([torch.eye(3)], [], torch.tensor([0, 0, 1, -1]))
    _, asked = draw(of=tree, level=0, node=0, rows=torch.eye(3)[[0, 0, 1, 2]])
    assert asked == [0, 1]
    with pytest.raises(ValueError, match='prototype 2 of level 0 has no im'):
        draw(of=tree, level=0, node=2)


@pytest.mark.parametrize('name', ['<b> & "c"', 'a\nb', '\x00\udcff', '$x$'])
def test_hostile_class_names_in_an_svg(name, draw, tmp_path):
    labels = torch.from_numpy(DIGITS.target)
    draw('tree.svg', labels=labels, class_names=[name] * 10)
    texts = ''.join(
        ElementTree.parse(tmp_path / 'tree.svg').getroot().itertext()
    )
    shown = ''.join(c if c.isprintable() else '\ufffd' for c in name)
    assert f'{shown} · ' in texts


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(max_children=5), r'in \[1, 4\], got 5'),
        (dict(node=99), '99'),
        (dict(level=7), '7'),
        (dict(name='tree.txt'), 'must end in one of'),
    ],
)
def test_errors(options, message, draw, tmp_path):
    with pytest.raises(ValueError, match=message):
        draw(**options)
    assert not list(tmp_path.iterdir())
