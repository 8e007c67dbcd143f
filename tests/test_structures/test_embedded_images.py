"""Images with their places in a tree."""

import pytest
import torch

from hirl_mm.structures import NO_LEAF, EmbeddedImages
from tests.trees import random_tree

TREE = random_tree((4, 2), dim=3, num_samples=2)
PARTS = dict(
    tree=TREE,
    paths=['a', 'b'],
    rows=torch.eye(3)[:2],
    leaf=torch.tensor([3, NO_LEAF]),
    labels=torch.tensor([0, -1]),
)


def test_parts_that_fit():
    assert len(EmbeddedImages(**PARTS)) == 2
    assert EmbeddedImages(**PARTS | dict(labels=None)).class_names == ()


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(paths=['a']), r'shape \(1, 3\), got \(2, 3\)'),
        (dict(rows=torch.eye(2)), r'3 dimensions .* \(2, 3\), got \(2, 2\)'),
        (dict(leaf=torch.tensor([1])), r'leaf of the shape \(2,\)'),
        (dict(labels=torch.ones(3).long()), r'labels of the shape \(2,\)'),
        (dict(leaf=torch.tensor([0, 4])), 'leaf 4 is not among the 4'),
    ],
)
def test_parts_that_do_not_fit(change, words):
    with pytest.raises(ValueError, match=words):
        EmbeddedImages(**PARTS | change)
