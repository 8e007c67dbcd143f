import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch, Wedge
from PIL import Image

from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization import draw_semantic_tree
from tests.digit_images import DIGITS, digit, pixels
from tests.trees import tree_of


def test_picture_of_digits(tree, tmp_path):
    out = tmp_path / 'new' / 'tree.png'
    draw_semantic_tree(
        tree, digit, out, labels=DIGITS.target, max_roots=2, max_children=2
    )
    height, width, _ = pixels(out).shape
    assert 1200 <= width <= 2400
    assert 400 <= height <= 2400
    assert [p.name for p in out.parent.iterdir()] == ['tree.png']


@pytest.mark.parametrize('shown', [3, 7])
def test_every_leaf_shows_its_own_members(axes_of, shown):
    tree = tree_of([0, 1, 2] * 10)
    asked = []

    def image(sample_idx):
        asked.append(sample_idx)
        return digit(sample_idx)

    axes = axes_of(tree, image, members_per_leaf=shown)
    assert len(axes.images) == 3
    rows = [asked[i : i + shown] for i in range(0, 3 * shown, shown)]
    assert len(asked) == 3 * shown == len(set(asked))
    assert [{i % 3 for i in row} for row in rows] == [{0}, {1}, {2}]


def test_thumbnails_stand_in_one_grid(axes_of):
    axes = axes_of(tree_of([0, 0, 0, 1, 1, 1], [0, 0]), digit)
    root, first, second = (image.get_extent() for image in axes.images)
    assert first[:2] == second[:2] and root[1] < first[0]
    # Below each other, and the parent in the middle; y grows downwards.
    assert first[2] < second[3]
    assert sum(root[2:]) == pytest.approx(sum((*first[2:], *second[2:])) / 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('leaf', 'parents', 'labels'),
    [
        ([0] * 30, [], None),
        ([0] * 30, [], [i % 10 for i in range(30)]),
        # At most two images per leaf, where there is room for ten.
        ([i % 60 for i in range(90)], [[i % 30 for i in range(60)]], None),
        ([0, 1] * 2, [[0, 0], [0]], [0, 1] * 2),
    ],
)
def test_pictures_have_no_blank_end(axes_of, leaf, parents, labels):
    axes = axes_of(tree_of(leaf, *parents), digit, labels=labels)
    ends = [image.get_extent()[1] for image in axes.images]
    ends += [text.get_window_extent().x1 for text in axes.texts]
    right = axes.figure.canvas.get_width_height()[0]
    # The margin, and what the width of a text is rounded up by.
    assert max(ends) <= right <= 1.04 * max(ends) + 46


def test_shows_the_images_of_the_members(tmp_path):
    tree = tree_of([0] * 4 + [1] * 2)
    colors = [(250, 10 * i, 120) for i in range(6)]
    images = [tmp_path / f'{i}.png' for i in range(6)]
    for path, color in zip(images, colors, strict=True):
        Image.new('RGB', (8, 8), color).save(path)
    out = tmp_path / 'tree.png'
    draw_semantic_tree(tree, images, out)
    hits = [(pixels(out) == color).all(axis=2) for color in colors]
    assert [int(h.sum()) for h in hits] == [52 * 52] * 6


def test_frames_and_markers_have_the_colors_of_the_classes(axes_of):
    options = {'labels': [0, 0, 0, 1], 'class_names': ['cat', 'dog']}
    axes = axes_of(
        tree_of([0, 0, 0, 0]),
        lambda i: Image.new('RGB', (9, 9), (10 + i, 0, 0)),
        **options,
    )
    shares = {
        to_hex(wedge.get_facecolor()): wedge.theta2 - wedge.theta1
        for wedge in axes.patches
        if isinstance(wedge, Wedge)
    }
    assert shares == {'#1f77b4': 270, '#ff7f0e': 90}
    (grid,) = (np.asarray(image.get_array()) for image in axes.images)
    for thumbnail in np.split(grid[:, : 4 * 58], range(58, 4 * 58, 58), 1):
        image, frame = thumbnail[27, 27, 0] - 10, thumbnail[0, 0, :3]
        blue, orange = (31, 119, 180), (255, 127, 14)
        assert tuple(frame) == (orange if image == 3 else blue)


def test_edges_link_parent_and_child(axes_of):
    axes = axes_of(tree_of([0] * 9 + [1] * 4, [0, 0]), digit)
    first, second = (p for p in axes.patches if isinstance(p, PathPatch))
    root, *leaves = (
        wedge.center for wedge in axes.patches if isinstance(wedge, Wedge)
    )
    for edge, leaf in zip((first, second), leaves, strict=True):
        start, *_, end = edge.get_path().vertices.tolist()
        assert start[1] == root[1] and tuple(end) == leaf
    # Their areas tell the sizes of the children.
    ratio = first.get_linewidth() / second.get_linewidth()
    assert ratio == pytest.approx((9 / 4) ** 0.5)
    axes = axes_of(tree_of([0] * 9), digit)
    assert not any(isinstance(p, PathPatch) for p in axes.patches)


def test_members_are_drawn_by_the_seed(tree, tmp_path):
    def draw(seed):
        out = tmp_path / 'tree.png'
        shown = []

        def image(sample_idx):
            shown.append(sample_idx)
            return digit(sample_idx)

        draw_semantic_tree(
            tree, image, out, max_roots=1, max_children=1, seed=seed
        )
        return shown, pixels(out)

    first, again, other = draw(0), draw(0), draw(1)
    assert first[0] == again[0]
    np.testing.assert_array_equal(first[1], again[1])
    assert first[0] != other[0]
    # not the first members of the leaf but a draw
    assert first[0][-10:] != sorted(first[0][-10:])
    assert len(set(first[0][-10:])) == 10


def test_another_tree_makes_another_picture(tmp_path):
    first, second = tmp_path / 'first.png', tmp_path / 'second.png'
    draw_semantic_tree(tree_of([0, 0, 1, 1], [0, 0]), digit, first)
    draw_semantic_tree(tree_of([0, 1, 1, 1], [0, 0]), digit, second)
    assert pixels(first).shape == pixels(second).shape
    assert abs(pixels(first) - pixels(second)).max() > 100


@pytest.mark.parametrize('num_levels', [1, 2, 4, 8])
def test_full_binary_trees_of_any_depth(tmp_path, num_levels):
    nums = [2 ** (num_levels - 1 - level) for level in range(num_levels)]
    tree = PrototypeTree(
        centroids=[torch.zeros(num, 2) for num in nums],
        parents=[torch.arange(num) // 2 for num in nums[:-1]],
        leaf=torch.arange(nums[0] * 3) % nums[0],
    )
    out = tmp_path / 'tree.png'
    draw_semantic_tree(tree, lambda i: digit(i), out, members_per_leaf=3)
    assert max(pixels(out).shape) <= 2400


def test_old_picture_survives_a_failure(tree, tmp_path):
    out = tmp_path / 'tree.png'
    out.write_text('the old picture')
    for image in (tmp_path / 'missing.jpg', out):
        match = f'cannot read the image {image}'
        with pytest.raises(ValueError, match=match):
            draw_semantic_tree(tree, [image] * 1797, out)

    def fail_late(figure, path, **kwargs):
        path.write_text('half')
        raise RuntimeError('disk full')

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('matplotlib.figure.Figure.savefig', fail_late)
        with pytest.raises(RuntimeError, match='disk full'):
            draw_semantic_tree(tree, digit, out, max_roots=1, max_children=1)
    assert out.read_text() == 'the old picture'
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'images': [1, 2]}, 'got 2 images for 4 samples'),
        ({'out': 'tree.doc'}, r"out must end in one of .*'tree.doc'"),
        ({'out': 'tree'}, "out must end in one of .*'tree'"),
        ({'members_per_leaf': 0}, r'must lie in \[1, 20\], got 0'),
        ({'members_per_leaf': 21}, r'must lie in \[1, 20\], got 21'),
        ({'max_roots': 0}, 'max_roots must be at least 1, got 0'),
        ({'max_children': -1}, 'max_children must be at least 1, got -1'),
        ({'labels': [0, 1]}, r'labels must be one per sample .*\(2,\)'),
        ({'labels': [0, 1, -1, 0]}, 'integers >= 0'),
        (
            {'labels': [0, 1, 2, 0], 'class_names': ['a', 'b']},
            'largest label 2, got 2 names',
        ),
        ({'class_names': ['a']}, 'class_names need labels'),
    ],
)
def test_rejects(tmp_path, monkeypatch, changes, match):
    monkeypatch.chdir(tmp_path)
    arguments = {'images': digit, 'out': 'tree.png'} | changes
    with pytest.raises(ValueError, match=match):
        draw_semantic_tree(tree_of([0, 0, 1, 1]), **arguments)
    assert not list(tmp_path.iterdir())


def test_rejects_more_leaves_than_can_be_read(tmp_path):
    tree = tree_of(list(range(200)))
    with pytest.raises(ValueError, match='200 leaves.*lower max_roots'):
        draw_semantic_tree(tree, digit, tmp_path / 'a.png', max_roots=200)


def test_rejects_a_tree_without_samples(tmp_path):
    tree = PrototypeTree([torch.eye(2)], [], torch.zeros(0, dtype=torch.long))
    with pytest.raises(ValueError, match='holds no samples'):
        draw_semantic_tree(tree, [], tmp_path / 'tree.png')
