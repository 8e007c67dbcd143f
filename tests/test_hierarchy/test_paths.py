"""Paths of rows through a tree, against float64 without any trick."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hirl_mm.hierarchy import (
    assign_paths,
    nearest_prototypes,
    path_similarities,
)
from hirl_mm.hierarchy import assignment as module
from hirl_mm.structures import NO_LEAF, PrototypeTree
from tests.trees import blobs, random_tree

NUMS = 40, 9, 3


def naive(rows, tree):
    """Paths and cosines in numpy's float64, one row at a time."""
    unit = [v / np.linalg.norm(v) for v in rows.double().numpy()]
    tables = [c.double().numpy() for c in tree.centroids]
    tables = [t / np.linalg.norm(t, axis=1, keepdims=True) for t in tables]
    paths, cosines = [], []
    for row in unit:
        nodes = [int(np.argmax(tables[0] @ row))]
        for parent in tree.parents:
            nodes.append(int(parent[nodes[-1]]))
        paths.append(nodes)
        pairs = zip(tables, nodes, strict=True)
        cosines.append([float(t[node] @ row) for t, node in pairs])
    return np.array(paths), np.array(cosines)


def whole(tree, rows, **options):
    blocks = list(assign_paths(tree, rows, **options))
    starts = [block.start for block in blocks]
    sizes = np.cumsum([0, *(len(block.path) for block in blocks)])
    assert starts == sizes[:-1].tolist()
    return (
        torch.cat([block.path for block in blocks]),
        torch.cat([block.similarity for block in blocks]),
    )


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_paths_and_similarities(dtype):
    tree = random_tree(NUMS, dim=7)
    rows = (3 * blobs(300, 7, num_blobs=20)).to(dtype)
    path, similarity = whole(tree, rows)
    expected = naive(rows, tree)
    assert np.array_equal(path, expected[0])
    assert similarity.dtype == torch.float32
    np.testing.assert_allclose(similarity, expected[1], atol=1e-6)


def test_chunks_and_order_change_nothing(monkeypatch):
    tree = random_tree(NUMS, dim=16)
    rows = blobs(200, 16, num_blobs=9)
    path, similarity = whole(tree, rows)
    monkeypatch.setattr(module, '_ROWS', 13)
    monkeypatch.setattr(module, '_COLUMNS', 7)
    for size in (1, 17, 200):
        again = whole(tree, rows, chunk_size=size)
        assert torch.equal(again[0], path)
        torch.testing.assert_close(again[1], similarity, atol=2e-7, rtol=0)
    order = torch.randperm(200)
    shuffled = whole(tree, rows[order])
    assert torch.equal(shuffled[0], path[order])


def test_of_equal_prototypes_the_first_wins(monkeypatch):
    """Also where float32 prefers another one."""
    row = torch.randn(1, 300)
    other = torch.randn(50, 300)
    tables = torch.cat([other, row.repeat(3, 1), other])
    assert nearest_prototypes(row, tables).item() == 50
    monkeypatch.setattr(module, '_COLUMNS', 7)
    assert nearest_prototypes(row, tables).item() == 50


def test_float32_alone_is_not_enough():
    """Prototypes that its rounding cannot tell apart, but float64 can."""
    base = torch.randn(1, 300)
    table = F.normalize(base + 1e-5 * torch.randn(5, 300), dim=1)
    rows = F.normalize(base + 0.1 * torch.randn(2000, 300), dim=1)
    unit = F.normalize(table.double(), dim=1)
    exact = F.normalize(rows.double(), dim=1) @ unit.T
    best, second = exact.topk(2, dim=1).values.unbind(1)
    clear = best - second > 5e-8
    expected = exact.argmax(1)[clear]
    assert (((rows @ table.T).argmax(1)[clear]) != expected).any()
    assert torch.equal(nearest_prototypes(rows, table)[clear], expected)


@pytest.mark.parametrize('bad', [0.0, torch.nan, torch.inf])
def test_rows_without_a_direction_have_no_path(bad):
    tree = random_tree(NUMS, dim=5)
    rows = blobs(6, 5, num_blobs=3)
    clean = whole(tree, rows)
    rows[2] = bad
    path, similarity = whole(tree, rows)
    assert (path[2] == NO_LEAF).all() and similarity[2].isnan().all()
    others = [0, 1, 3, 4, 5]
    assert torch.equal(path[others], clean[0][others])
    assert torch.equal(similarity[others], clean[1][others])


def test_given_leaves_are_kept():
    """Of a tree that was built by other rows."""
    tree = random_tree(NUMS, dim=5)
    rows = blobs(6, 5, num_blobs=3)
    leaf = torch.tensor([3, 0, -1, 39, 7, 7])
    for size in (4, 100):
        path, similarity = whole(tree, rows, leaf=leaf, chunk_size=size)
        assert torch.equal(path, tree.paths(leaf))
        assert similarity[2].isnan().all()
        assert similarity[0, 0] == pytest.approx(
            float(tree.centroids[0][3] @ rows[0]), abs=1e-6
        )


@pytest.mark.parametrize('length', [1e-30, 1e30])
def test_cosines_of_rows_of_any_length(length):
    """Also where squares of float32 vanish or overflow."""
    tree = random_tree(NUMS, dim=7)
    rows = blobs(20, 7, num_blobs=3) * length
    path = tree.paths(torch.arange(20))
    unit = rows.double() / rows.double().norm(dim=1, keepdim=True)
    tables = [centroids.double() for centroids in tree.centroids]
    expected = [
        [float(row @ table[i]) for table, i in zip(tables, nodes, strict=True)]
        for row, nodes in zip(unit, path.tolist(), strict=True)
    ]
    found = path_similarities(tree, rows, path)
    np.testing.assert_allclose(found, expected, atol=2e-7)
    part = path_similarities(tree, rows, path[:, :1])
    assert torch.equal(part, found[:, :1])


@pytest.mark.parametrize('bad', [0.0, torch.nan, torch.inf])
def test_rows_without_a_direction_have_no_cosines(bad):
    """Even if they are given a leaf."""
    tree = random_tree(NUMS, dim=5)
    rows = blobs(3, 5, num_blobs=3)
    rows[1] = bad
    found = path_similarities(tree, rows, tree.paths(torch.tensor([4, 2, 0])))
    assert found.isnan().tolist() == [[False] * 3, [True] * 3, [False] * 3]


def test_rows_of_another_network_are_refused():
    tree = random_tree(NUMS, dim=5)
    with pytest.raises(ValueError, match=r'5 coordinates.*\(2, 4\)'):
        list(assign_paths(tree, torch.zeros(2, 4)))
    with pytest.raises(ValueError, match=r'5 coordinates.*\(2, 4\)'):
        path_similarities(
            tree, torch.zeros(2, 4), tree.paths(torch.tensor([0, 1]))
        )
    with pytest.raises(ValueError, match='chunk_size'):
        list(assign_paths(tree, torch.zeros(2, 5), chunk_size=0))


def test_no_rows_and_one_level():
    tree = PrototypeTree([torch.eye(2)], [], torch.tensor([0]))
    assert list(assign_paths(tree, torch.empty(0, 2))) == []
    path, similarity = whole(tree, torch.tensor([[0.0, 1.0]]))
    assert path.tolist() == [[1]] and similarity.tolist() == [[1.0]]
