"""What holds for every tree of prototypes and table of neighbours."""

import math
import tempfile
from dataclasses import replace

import torch
from hypothesis import given
from hypothesis import strategies as st

from hirl_mm.clustering import moved_shares
from hirl_mm.structures import NO_LEAF, NeighborTable, PrototypeTree
from tests.property_inputs import trees


def same(mine, theirs):
    """Whether two trees are equal to the bit, in every part."""
    pairs = [
        (mine.leaf, theirs.leaf),
        *zip(mine.parents, theirs.parents, strict=True),
        *zip(mine.centroids, theirs.centroids, strict=True),
        # Two that are unknown are equal.
        [torch.DoubleTensor(tree.objective) for tree in (mine, theirs)],
    ]
    names = [(tree.data, tree.run) for tree in (mine, theirs)]
    return names[0] == names[1] and all(
        a.dtype == b.dtype and torch.allclose(a, b, 0, 0, equal_nan=True)
        for a, b in pairs
    )


@given(trees())
def test_a_tree_comes_back_from_its_file_and_state(tree):
    with tempfile.TemporaryDirectory() as folder:
        tree.save(f'{folder}/tree.pth')
        loaded = PrototypeTree.load(f'{folder}/tree.pth')
    assert same(loaded, tree)
    assert same(PrototypeTree.from_state_dict(tree.state_dict()), tree)
    assert same(tree.to('cpu'), tree)


@given(trees())
def test_paths_labels_and_leaves_tell_the_same(tree):
    every = torch.arange(len(tree.leaf))
    paths = tree.sample_paths(every).tolist()
    for sample, path in enumerate(paths):
        leaf = int(tree.leaf[sample])
        assert path[0] == leaf
        for level, parent in enumerate(tree.parents):
            above = NO_LEAF if leaf == NO_LEAF else int(parent[path[level]])
            assert path[level + 1] == above
    for level in range(tree.num_levels):
        assert tree.labels(level).tolist() == [path[level] for path in paths]
    leaves = tree.paths(torch.arange(tree.num_prototypes[0]))
    assert torch.equal(tree.leaf_paths, leaves)
    assert tree.is_complete == all(NO_LEAF not in path for path in paths)


@given(trees())
def test_every_level_divides_the_images_of_the_leaves(tree):
    with_leaf = (tree.leaf != NO_LEAF).nonzero().flatten().tolist()
    for level, num in enumerate(tree.num_prototypes):
        members = [tree.members(level, node).tolist() for node in range(num)]
        assert sorted(sum(members, [])) == with_leaf
        assert tree.sizes(level).tolist() == [len(m) for m in members]
        if not level:
            continue
        children = [tree.children(level, node) for node in range(num)]
        below = tree.num_prototypes[level - 1]
        assert sorted(torch.cat(children).tolist()) == list(range(below))
        for node, own in zip(children, members, strict=True):
            of_children = [
                tree.members(level - 1, child).tolist()
                for child in node.tolist()
            ]
            assert sorted(sum(of_children, [])) == own


@given(trees(least_images=1))
def test_a_summary_counts_what_the_level_holds(tree):
    if not (tree.leaf != NO_LEAF).any():
        return
    for level, found in enumerate(tree.summary()):
        sizes = tree.sizes(level)
        assert found['K'] == found['used'] + found['empty'] == len(sizes)
        assert found['used'] == len(sizes.nonzero())
        largest = found['largest_share'] * int(sizes.sum())
        assert abs(largest - int(sizes.max())) < 1e-6
        most = math.log(found['used']) + 1e-9
        assert -1e-9 <= found['size_entropy'] <= most


@given(trees(), st.data())
def test_permuted_images_have_their_own_leaves(tree, data):
    order = torch.tensor(data.draw(st.permutations(range(len(tree.leaf)))))
    order = order.long()
    moved = replace(tree, leaf=tree.leaf[order])
    for level, num in enumerate(tree.num_prototypes):
        assert torch.equal(moved.labels(level), tree.labels(level)[order])
        assert torch.equal(moved.sizes(level), tree.sizes(level))
        for node in range(num):
            members = order[moved.members(level, node)].sort().values
            assert torch.equal(members, tree.members(level, node))


def renumbered(tree, orders):
    """The tree whose prototype i of level l was number ``orders[l][i]``."""
    places = [order.argsort() for order in orders]
    parents = [
        places[level + 1][parent[orders[level]]]
        for level, parent in enumerate(tree.parents)
    ]
    leaf = tree.leaf.clone()
    leaf[leaf >= 0] = places[0][leaf[leaf >= 0]]
    return PrototypeTree(tree.centroids, parents, leaf)


@given(trees(), st.data())
def test_images_of_renumbered_prototypes_have_not_moved(tree, data):
    orders = [
        torch.tensor(data.draw(st.permutations(range(num))))
        for num in tree.num_prototypes
    ]
    other = renumbered(tree, orders)
    assert moved_shares(tree, other) == (0,) * tree.num_levels
    sizes = [tree.sizes(0)[orders[0]].tolist(), other.sizes(0).tolist()]
    assert sizes[0] == sizes[1]


@given(trees(), st.data())
def test_as_many_images_move_as_are_not_in_the_largest_share(tree, data):
    """Counted image by image: those that most of their new fellows left."""
    num = tree.num_prototypes[0] - 1
    size = len(tree.leaf)
    leaf = st.lists(st.integers(NO_LEAF, num), min_size=size, max_size=size)
    other = replace(tree, leaf=torch.tensor(data.draw(leaf)).long())
    both = (tree.leaf >= 0) & (other.leaf >= 0)
    for level, share in enumerate(moved_shares(tree, other)):
        old, new = tree.labels(level)[both], other.labels(level)[both]
        stayed = sum(
            int(old[new == node].bincount().max()) for node in new.unique()
        )
        assert round(share * len(new)) == len(new) - stayed


@given(st.data())
def test_a_table_of_neighbours_comes_back_from_its_file(data):
    num, k = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 4))
    row = st.lists(st.integers(0, num - 1), min_size=k, max_size=k)
    rows = data.draw(st.lists(row, min_size=num, max_size=num))
    table = NeighborTable(torch.tensor(rows), '0123abcd', 'run')
    with tempfile.TemporaryDirectory() as folder:
        table.save(f'{folder}/neighbors.pth')
        loaded = NeighborTable.load(f'{folder}/neighbors.pth')
    assert torch.equal(loaded.neighbors, table.neighbors)
    assert loaded.neighbors.dtype == torch.long
    assert (loaded.data, loaded.run) == (table.data, table.run)
    alone = [all(i == n for i in row) for n, row in enumerate(rows)]
    assert loaded.without_neighbors.tolist() == alone
