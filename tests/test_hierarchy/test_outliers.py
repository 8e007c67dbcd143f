"""Similarity to the other images of a branch, image by image."""

import numpy as np
import torch
import torch.nn.functional as F

from hirl_mm.hierarchy import least_similar, similarity_to_others
from hirl_mm.hierarchy import outliers as module
from tests.trees import blobs, random_tree


def naive(rows, leaf, tree):
    unit = F.normalize(rows.double(), dim=1).numpy()
    paths = [tree.paths(torch.tensor(k)).tolist() + [0] for k in leaf.tolist()]
    similarity, levels = [], []
    for i, path in enumerate(paths):
        for level in range(len(path)):
            others = [
                j
                for j, other in enumerate(paths)
                if j != i and leaf[j] >= 0 and other[level] == path[level]
            ]
            if others:
                break
        mean = unit[others].mean(0)
        similarity.append(unit[i] @ mean / np.linalg.norm(mean))
        levels.append(level)
    return np.array(similarity), np.array(levels)


def test_against_a_loop_over_images(monkeypatch):
    tree = random_tree((20, 6, 3), dim=8)
    rows = blobs(40, 8, num_blobs=5, spread=0.5)
    leaf = torch.randint(20, (40,))
    leaf[[3, 11]] = -1
    known = leaf >= 0
    rows[~known] = torch.nan
    expected = naive(rows[known], leaf[known], tree)
    assert set(expected[1]) >= {0, 1}
    for chunk in (7, 16384):
        monkeypatch.setattr(module, '_CHUNK', chunk)
        found = similarity_to_others(rows.half().float(), leaf, tree)
        np.testing.assert_allclose(
            found.similarity[known], expected[0], atol=2e-3
        )
        assert np.array_equal(found.level[known], expected[1])
        assert found.similarity[~known].isnan().all()
        assert (found.level[~known] == -1).all()


def test_an_outlier_with_a_leaf_of_its_own_is_found():
    """Its prototype is the image itself, so nothing is nearer to its leaf."""
    tree = random_tree((2, 1), dim=3)
    rows = torch.tensor([[1.0, 0, 0], [1, 0.1, 0], [1, 0, 0.1], [-1, 0.2, 0]])
    found = similarity_to_others(rows, torch.tensor([0, 0, 0, 1]), tree)
    assert least_similar(found.similarity, 1).tolist() == [3]
    assert found.level.tolist() == [0, 0, 0, 1]


def test_an_only_image_has_no_others():
    tree = random_tree((2, 1), dim=3)
    found = similarity_to_others(torch.eye(3)[:1], torch.tensor([1]), tree)
    assert found.similarity.isnan().all() and found.level.tolist() == [2]
    assert least_similar(found.similarity, 5).tolist() == []


def test_least_similar():
    similarity = torch.tensor([0.5, torch.nan, 0.1, 0.5, 0.9])
    assert least_similar(similarity, 3).tolist() == [2, 0, 3]
    assert least_similar(similarity, 9).tolist() == [2, 0, 3, 4]
