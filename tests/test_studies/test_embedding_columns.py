"""Which images, classes and prototypes a picture of features shows."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from hirl_mm.structures import EmbeddedImages, PrototypeTree
from hirl_mm.studies.embedding_columns import column_of_file, column_of_images
from hirl_mm.studies.subtree_choice import (
    largest_subtrees,
    parse_node,
    subtree_of_image,
)
from tests.trees import tree_of


def embedded(labels=None, unread=()):
    """Twelve images of three prototypes; two of these have one parent."""
    rows = F.normalize(torch.randn(12, 4), dim=1)
    leaf = torch.arange(12) % 3
    for idx in unread:
        rows[idx], leaf[idx] = torch.nan, -1
    tree = PrototypeTree(
        [torch.eye(4)[:3], torch.eye(4)[:2]], [torch.tensor([0, 0, 1])], leaf
    )
    names = ('a', 'b', 'c', 'd') if labels is not None else ()
    paths = [f'{i}.png' for i in range(12)]
    return EmbeddedImages(tree, paths, rows, leaf, labels, names)


LABELS = torch.tensor([0, 1, 2, 3, -1, 0, 1, 2, 3, 0, 1, 2])


def test_colorings_of_a_tree_with_labels():
    column = column_of_images(embedded(LABELS), 'run', 100)
    groups = {name: group.tolist() for name, group in column.groups.items()}
    assert groups == {
        'by class': LABELS.tolist(),
        'by prototype of level 0 (3)': [0, 1, 2] * 4,
        'by prototype of level 1 (2)': [0, 0, 1] * 4,
    }
    assert column.names == {'by class': ('a', 'b', 'c', 'd')}
    assert column.points.shape == (12, 2)


def test_no_labels_and_images_that_could_not_be_read():
    column = column_of_images(embedded(unread=[1, 11]), 'run', 100)
    assert len(column.groups) == 2 and len(column.points) == 10
    expected = [i % 3 for i in range(12) if i not in (1, 11)]
    assert column.groups['by prototype of level 0 (3)'].tolist() == expected
    assert column.points.isfinite().all()


def test_images_of_the_first_classes():
    column = column_of_images(embedded(LABELS), 'run', 100, classes=2)
    assert column.groups['by class'].tolist() == [0, 1, 0, 1, 0, 1]
    with pytest.raises(ValueError, match='no classes to choose from'):
        column_of_images(embedded(), 'run', 100, classes=2)
    with pytest.raises(ValueError, match='at least 4 images, got 3'):
        column_of_images(embedded(LABELS), 'run', 3)


def test_images_of_named_classes():
    images = embedded(LABELS)
    column = column_of_images(images, 'run', 100, classes=['c', 'a'])
    assert set(column.groups['by class'].tolist()) == {0, 2}
    with pytest.raises(ValueError, match='no classes e: the images have a, b'):
        column_of_images(images, 'run', 100, classes=['a', 'e'])
    unnamed = replace(images, class_names=())
    with pytest.raises(ValueError, match='have no names of classes'):
        column_of_images(unnamed, 'run', 100, classes=['a'])


def test_the_draw_is_that_of_the_seed():
    images = embedded(LABELS)
    draws = [
        column_of_images(images, 'run', 6, seed=seed).groups['by class']
        for seed in (0, 0, 1)
    ]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_a_file_of_features(tmp_path):
    content = dict(
        features=torch.randn(12, 5), labels=LABELS, paths=[], classes=['a']
    )
    torch.save(content, tmp_path / 'f.pth')
    column = column_of_file(tmp_path / 'f.pth', 'plain', 100, classes=3)
    assert column.groups.keys() == {'by class'}
    assert len(column.points) == 9
    torch.save(dict(x=1), tmp_path / 'g.pth')
    with pytest.raises(ValueError, match='g.pth holds no features'):
        column_of_file(tmp_path / 'g.pth', 'plain', 100)


def test_prototypes_by_name():
    tree = tree_of([0, 1, 2], [0, 0, 1])
    assert parse_node('1:0', tree) == (1, 0)
    for text, message in {
        '1': 'LEVEL:INDEX',
        '1:x': 'LEVEL:INDEX',
        '-1:0': 'LEVEL:INDEX',
        '2:0': 'levels 0 to 1 have 3 / 2 prototypes',
        '1:2': 'no prototype 1:2',
    }.items():
        with pytest.raises(ValueError, match=message):
            parse_node(text, tree)


def test_the_largest_prototypes_that_branch():
    # root 0 has one child with images, root 1 two, root 2 none, root 3 two
    leaf = [0] * 9 + [2] * 3 + [3] * 1 + [5] * 4 + [6] * 2
    tree = tree_of(leaf, [0, 0, 1, 1, 2, 3, 3])
    assert largest_subtrees(tree, 9) == [(1, 3), (1, 1), (1, 0)]
    assert largest_subtrees(tree, 1) == [(1, 3)]
    flat = tree_of([0, 1, 1, 2])
    assert largest_subtrees(flat, 2) == [(0, 1), (0, 0)]


def test_the_branch_of_an_image():
    images = embedded(LABELS, unread=[4])
    tree, top = images.tree, images.tree.num_levels - 1
    for index in 0, 5:
        name = images.paths[index]
        expected = int(tree.paths(images.leaf[[index]])[0, top])
        assert subtree_of_image(images, name) == (top, expected)
    with pytest.raises(ValueError, match='none of the training images are z'):
        subtree_of_image(images, 'z')
    unread = int((images.leaf < 0).nonzero()[0])
    with pytest.raises(ValueError, match='could not be read, so it is in no'):
        subtree_of_image(images, images.paths[unread])
    twins = replace(images, paths=['a/1.png', 'b/1.png', *images.paths[2:]])
    with pytest.raises(
        ValueError, match=r'2 of the training images are 1.png'
    ):
        subtree_of_image(twins, '1.png')
    assert subtree_of_image(twins, 'b/1.png')[0] == top
