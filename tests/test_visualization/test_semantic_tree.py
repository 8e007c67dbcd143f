import numpy as np
import pytest
import torch
from PIL import Image

from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization import draw_semantic_tree
from tests.digit_images import DIGITS, digit, pixels
from tests.trees import tree_of


def count(picture, color, tolerance=3):
    return int((abs(picture - color).max(axis=2) <= tolerance).sum())


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
def test_every_thumbnail_is_there(tmp_path, shown):
    # 3 leaves of one color, which nothing else in the picture has
    tree = tree_of([0, 1, 2] * 10)
    color = (11, 222, 99)
    out = tmp_path / 'tree.png'
    draw_semantic_tree(
        tree,
        lambda sample_idx: Image.new('RGB', (90, 60), color),
        out,
        members_per_leaf=shown,
    )
    # rows of 58 pixels, 4 between thumbnails, a frame of 1
    assert count(pixels(out), color) == 3 * shown * (58 - 4 - 2) ** 2


def test_thumbnails_stand_in_one_grid(tmp_path):
    tree = tree_of([0, 0, 0, 1, 1, 1], [0, 0])
    color = np.array([11, 222, 99])
    out = tmp_path / 'tree.png'
    draw_semantic_tree(
        tree, lambda i: Image.new('RGB', (64, 64), tuple(color)), out
    )
    hits = (pixels(out) == color).all(axis=2)
    columns = hits.sum(axis=0)
    assert set(columns.tolist()) == {0, 2 * 52}
    assert (columns > 0).sum() == (3 + 3) * 52


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
    rows = [np.flatnonzero(h.any(axis=1))[0] for h in hits]
    assert len(set(rows[:4])) == len(set(rows[4:])) == 1
    assert rows[4] == rows[0] + 58


def test_frames_have_the_color_of_the_class(tmp_path):
    tree = tree_of([0, 0, 0, 0])
    options = {'labels': [0, 0, 0, 1], 'class_names': ['cat', 'dog']}
    out = tmp_path / 'tree.png'
    draw_semantic_tree(tree, lambda i: digit(i), out, **options)
    picture = pixels(out)
    orange, blue = (
        count(picture, (255, 127, 14)),
        count(picture, (31, 119, 180)),
    )
    frame = 54**2 - 48**2
    # and less than another one for the legend and the pie
    assert frame < orange < 2 * frame
    assert 3 * frame < blue < 4 * frame + 50


def test_edges_link_parent_and_child(tmp_path):
    out = tmp_path / 'tree.png'
    draw_semantic_tree(tree_of([0] * 9, [0]), digit, out)
    edge = count(pixels(out), (204, 210, 215), tolerance=0)
    # the only child has the full width of 11 points, of which 14 pixels are
    # not blended, and 102 pixels to go, the last 11 behind its marker
    assert edge == pytest.approx(14 * (102 - 11), rel=0.05)
    draw_semantic_tree(tree_of([0] * 9), digit, out)
    assert count(pixels(out), (204, 210, 215), tolerance=0) < edge / 10


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
