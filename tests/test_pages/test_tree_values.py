"""Order, images, classes and matches of nodes against plain loops."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from hirl_mm.clustering import moved_shares
from hirl_mm.pages import ShownTree
from hirl_mm.pages.tree_page.label_counts import count_labels
from hirl_mm.pages.tree_page.matched_nodes import match_nodes, same_images
from hirl_mm.pages.tree_page.node_images import choose_images
from hirl_mm.pages.tree_page.shown_level import shown_level
from hirl_mm.pages.tree_page.tree_changes import LevelChanges
from hirl_mm.pages.tree_page.tree_order import tree_order
from tests.page_data import members, shown_random
from tests.trees import random_tree, tree_of

SHAPES = [(12, 5, 3), (7,), (9, 9), (30, 2)]


@pytest.mark.parametrize('nums', SHAPES)
def test_order_of_nodes_and_images(nums):
    shown = shown_random(nums)
    tree, order = shown.tree, shown.order
    for level, num in enumerate(nums):
        numbers = order.numbers[level]
        assert sorted(numbers) == list(range(num))
        assert (order.places[level][numbers] == np.arange(num)).all()
        for place, number in enumerate(numbers):
            first, last = order.first_image[level][place : place + 2]
            assert sorted(order.images[first:last]) == sorted(
                members(shown, level, number)
            )
        if level:
            for place, number in enumerate(numbers):
                first, last = order.first_child[level - 1][place : place + 2]
                children = order.numbers[level - 1][first:last]
                assert (
                    sorted(children) == tree.children(level, number).tolist()
                )
                sizes = [len(members(shown, level - 1, c)) for c in children]
                assert sizes == sorted(sizes, reverse=True)
                assert (order.parent(level - 1)[first:last] == place).all()
    sizes = [len(members(shown, len(nums) - 1, n)) for n in order.numbers[-1]]
    assert sizes == sorted(sizes, reverse=True)
    assert set(order.images[-2:]) == {3, 10}
    assert sorted(order.images) == list(range(60))


def test_the_nearest_image_of_a_leaf_comes_first():
    shown = shown_random()
    for place in range(12):
        first, last = shown.order.first_image[0][place : place + 2]
        nearness = shown.similarity[shown.order.images[first:last], 0]
        assert (np.diff(nearness) <= 0).all()
    plain = tree_order(shown.tree, shown.leaf)
    first, last = plain.first_image[0][:2]
    assert (np.diff(plain.images[first:last]) > 0).all()


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_similarities_are_cosines_to_the_path(dtype):
    shown = shown_random()
    rows = shown.rows.to(dtype)
    rows[3] = rows[4]  # an embedding, but no leaf
    found = replace(shown, rows=rows).similarity
    rows = torch.nn.functional.normalize(rows.double(), dim=1)
    for sample, path in enumerate(shown.tree.paths(shown.leaf).tolist()):
        for level, node in enumerate(path):
            if node < 0:
                assert np.isnan(found[sample, level])
                continue
            centre = shown.tree.centroids[level][node].double()
            expected = float(rows[sample] @ centre)
            assert found[sample, level] == pytest.approx(expected, abs=1e-6)


def test_similarities_do_not_depend_on_the_chunks(monkeypatch):
    whole = shown_random().similarity
    monkeypatch.setattr('hirl_mm.hierarchy.assignment._ROWS', 7)
    np.testing.assert_array_equal(whole, shown_random().similarity)


def test_embeddings_of_another_model_are_refused():
    shown = shown_random()
    with pytest.raises(ValueError, match=r'6 coordinates.*\(60, 5\)'):
        _ = replace(shown, rows=torch.zeros(60, 5)).similarity


@pytest.mark.parametrize('num', [1, 2, 5, 12, 100])
@pytest.mark.parametrize('with_rows', [True, False])
def test_images_that_stand_for_a_node(num, with_rows):
    shown = shown_random()
    similarity = shown.similarity if with_rows else None
    for level in range(3):
        chosen = choose_images(shown.order, level, similarity, num)
        for place, number in enumerate(shown.order.numbers[level]):
            own = set(members(shown, level, number))
            near = [i for i in chosen.nearest[place].tolist() if i >= 0]
            random = [i for i in chosen.random[place].tolist() if i >= 0]
            both = near + random
            assert len(set(both)) == len(both) == min(num, len(own))
            assert set(both) <= own
            if not with_rows:
                assert not near
                continue
            best = sorted(own, key=lambda i: -similarity[i, level])
            half = num if len(own) <= num else num - num // 2
            assert near == best[:half]


def test_random_images_are_spread_over_the_node():
    """Every image is drawn in some seed, none more often than chance says."""
    tree = tree_of([0] * 40)
    shown = ShownTree(tree, [str(i) for i in range(40)])
    drawn = Counter()
    for seed in range(200):
        chosen = choose_images(shown.order, 0, None, 10, seed)
        drawn.update(chosen.random[0].tolist())
    # 50 draws are expected; the standard deviation is 6.
    assert len(drawn) == 40 and max(drawn.values()) < 80


def test_classes_of_nodes():
    shown = shown_random()
    labels = shown.labels.numpy()
    for level in range(3):
        counts = count_labels(shown.order, level, labels)
        right = total = 0
        for place, number in enumerate(shown.order.numbers[level]):
            expected = Counter(
                labels[i] for i in members(shown, level, number)
            )
            expected.pop(-1, None)
            part = slice(*counts.first[place : place + 2])
            found = counts.label[part].tolist(), counts.count[part].tolist()
            assert dict(zip(*found, strict=True)) == expected
            assert found[1] == sorted(found[1], reverse=True)
            assert counts.labelled[place] == sum(expected.values())
            right += max(expected.values(), default=0)
            total += sum(expected.values())
        assert counts.mean_purity == pytest.approx(right / total)
        tops = counts.top_nodes(2)
        for label in range(4):
            sizes = [
                (labels[members(shown, level, n)] == label).sum()
                for n in shown.order.numbers[level]
            ]
            expected = sorted((s for s in sizes if s), reverse=True)[:2]
            assert [count for _, count in tops[label]] == expected
            assert all(sizes[p] == count for p, count in tops[label])


def test_spread_is_the_mean_cosine_to_the_centre():
    shown = shown_random()
    for level in range(3):
        spread = shown_level(shown, level, 4).spread
        for place, number in enumerate(shown.order.numbers[level]):
            own = members(shown, level, number)
            if len(own):
                expected = shown.similarity[own, level].mean()
                assert spread[place] == pytest.approx(expected, abs=1e-6)
            else:
                assert np.isnan(spread[place])


def pair(seed=5):
    """Two trees of which the second has the images in another order."""
    first = shown_random(seed=0)
    tree = random_tree((12, 5, 3), 6, 60, seed)
    turned = torch.arange(60).flip(0)
    paths = [first.paths[i] for i in turned]
    return first, ShownTree(tree, paths), turned.numpy()


def test_matched_nodes_and_moved_images():
    first, second, turned = pair()
    there = same_images(first.paths, second.paths)
    assert (there == turned).all()
    ours = first.tree.paths(first.leaf).numpy()
    theirs = second.tree.paths(second.leaf).numpy()[turned]
    for level in range(3):
        matched = match_nodes(first.order, second.order, level, there)
        moved = 0
        for place, number in enumerate(first.order.numbers[level]):
            own = members(first, level, number)
            expected = Counter(theirs[own, level].tolist())
            part = slice(*matched.first[place : place + 2])
            numbers = second.order.numbers[level][matched.other[part]]
            found = dict(
                zip(numbers.tolist(), matched.count[part], strict=True)
            )
            assert found == expected
            best = max(expected.values(), default=0)
            assert matched.kept[place] == best
            assert matched.totals[place] == len(own)
            assert matched.moved[own].sum() == len(own) - best
            moved += len(own) - best
        assert matched.compared == (ours[:, level] >= 0).sum()
        assert matched.moved.sum() == moved


def test_moved_images_agree_with_the_log_of_the_training():
    """The log matches new prototypes with old ones."""
    before = random_tree((12, 5, 3), 6, 60, 1)
    after = random_tree((12, 5, 3), 6, 60, 2)
    names = [str(i) for i in range(60)]
    shown, other = ShownTree(after, names), ShownTree(before, names)
    there = same_images(names, names)
    found = [LevelChanges(shown, other, i, there).share for i in range(3)]
    assert found == pytest.approx(moved_shares(before, after))


def test_most_changed_nodes_come_first():
    first, second, there = pair()
    changes = LevelChanges(first, second, 0, there)
    most = changes.most_changed()
    matched = changes.matched
    left = matched.totals - matched.kept
    assert [row[2] for row in most] == sorted(left[left > 0], reverse=True)
    for place, total, moved in most:
        assert (total, moved) == (matched.totals[place], left[place])
        shown = changes.cells.samples[place]
        shown = shown[shown >= 0]
        assert len(shown) == min(6, moved) and matched.moved[shown].all()


def test_images_that_only_one_tree_has():
    there = same_images(['a', 'b', 'c'], ['c', 'x', 'a'])
    assert there.tolist() == [2, -1, 0]
    first = ShownTree(tree_of([0, 0, 1]), ['a', 'b', 'c'])
    second = ShownTree(tree_of([0, 0, 1]), ['c', 'x', 'a'])
    matched = match_nodes(first.order, second.order, 0, there)
    assert matched.compared == 2 and not matched.moved.any()
    with pytest.raises(ValueError, match="no image in common.*'a'.*'x'"):
        same_images(['a'], ['x'])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(rows=torch.zeros(3, 6)), 'rows .* each of the 60 images, got 3'),
        (dict(labels=torch.zeros(2).long()), 'labels .* 60 images, got 2'),
        (dict(class_names=['a']), 'class_names must name class 3.*got 1'),
        (dict(leaf=torch.zeros(1).long()), 'leaf .* 60 images, got 1'),
    ],
)
def test_parts_of_other_images_are_refused(change, message):
    shown = shown_random()
    parts = {
        name: getattr(shown, name)
        for name in ('tree', 'paths', 'leaf', 'rows', 'labels', 'class_names')
    }
    with pytest.raises(ValueError, match=message):
        ShownTree(**parts | change)


def test_a_tree_without_images_is_refused():
    tree = tree_of([0])
    with pytest.raises(ValueError, match='at least one image'):
        ShownTree(tree, [], torch.zeros(0).long())
