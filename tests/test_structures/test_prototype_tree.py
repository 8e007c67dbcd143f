import ast
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hirl_mm.engine.runtime.run_files import TREES_FOLDER
from hirl_mm.structures import NO_LEAF, TREE_KEY, PrototypeTree
from tests.oracles.semantic_path import path_of
from tests.trees import random_tree, tree_of

ROOT = Path(__file__).parents[2]


def test_paths_follow_the_parents():
    tree = random_tree((12, 5, 2), dim=4, num_samples=40)
    paths = tree.sample_paths(torch.arange(40))
    assert paths.shape == (40, 3)
    for n in range(40):
        expected = path_of(int(tree.leaf[n]), tree.parents)
        assert paths[n].tolist() == expected
    assert len(paths.unique(dim=0)) <= 12
    assert paths[:, 2].max() < 2


def test_paths_keep_the_shape_of_the_leaves():
    tree = random_tree((12, 5, 2), dim=4)
    leaf = torch.tensor([[3, 4, 5], [11, 0, 3]])
    paths = tree.paths(leaf)
    assert paths.shape == (2, 3, 3)
    assert torch.equal(paths[0, 0], paths[1, 2])


def test_summary_of_a_hand_made_tree():
    tree = PrototypeTree(
        centroids=[torch.eye(4), torch.eye(4)[:2]],
        parents=[torch.tensor([0, 0, 1, 1])],
        leaf=torch.tensor([0, 0, 1, 2]),
        objective=[1.5, 0.5],
    )
    fine, coarse = tree.summary()
    assert fine == dict(
        K=4,
        used=3,
        empty=1,
        largest_share=0.5,
        size_entropy=pytest.approx(1.5 * math.log(2)),
        objective=1.5,
    )
    assert coarse['empty'] == 0
    assert coarse['largest_share'] == 0.75


@pytest.fixture
def uneven():
    """Leaf 2, leaf 5 and the top's node 3 are empty; top 2 has no child."""
    leaf = [3, 0, 1, 0, 1, 3, 1, 4, 0, 1, 1]
    return tree_of(leaf, [0, 0, 0, 1, 4, 3], [1, 0, 0, 3, 0])


def test_children_of_a_hand_made_tree(uneven):
    assert uneven.children(1, 0).tolist() == [0, 1, 2]
    assert uneven.children(1, 2).tolist() == []
    assert uneven.children(2, 0).tolist() == [1, 2, 4]
    assert uneven.children(2, 2).tolist() == []
    assert uneven.children(2, 3).dtype == torch.long


def test_sizes_and_members_of_a_hand_made_tree(uneven):
    assert uneven.sizes(0).tolist() == [3, 5, 0, 2, 1, 0]
    assert uneven.sizes(1).tolist() == [8, 2, 0, 0, 1]
    assert uneven.sizes(2).tolist() == [3, 8, 0, 0]
    assert uneven.members(0, 0).tolist() == [1, 3, 8]
    assert uneven.members(1, 1).tolist() == [0, 5]
    assert uneven.members(2, 0).tolist() == [0, 5, 7]
    assert uneven.members(2, 3).tolist() == []
    assert uneven.members(2, 0).dtype == torch.long


def test_nodes_are_those_of_a_naive_search():
    tree = random_tree((12, 5, 2), dim=4, num_samples=40)
    paths = [path_of(int(leaf), tree.parents) for leaf in tree.leaf]
    for level, num in enumerate(tree.num_prototypes):
        for node in range(num):
            members = [n for n in range(40) if paths[n][level] == node]
            assert tree.members(level, node).tolist() == members
            assert tree.sizes(level)[node] == len(members)
            if level:
                parents = tree.parents[level - 1].tolist()
                below = [i for i, p in enumerate(parents) if p == node]
                assert tree.children(level, node).tolist() == below


@pytest.mark.parametrize(
    ('ask', 'message'),
    [
        (lambda t: t.children(0, 0), r'\[1, 3\), since level 0 .* got 0'),
        (lambda t: t.children(3, 0), r'level must lie in \[1, 3\).* got 3'),
        (lambda t: t.children(1, 5), r'node must lie in \[0, 5\).* got 5'),
        (lambda t: t.children(1, -1), r'node must .* level 1, got -1'),
        (lambda t: t.sizes(-1), r'level must lie in \[0, 3\), got -1'),
        (lambda t: t.sizes(3), r'level must lie in \[0, 3\), got 3'),
        (lambda t: t.members(3, 0), r'level must lie in \[0, 3\), got 3'),
        (lambda t: t.members(0, 12), r'node must lie in \[0, 12\).* got 12'),
        (lambda t: t.members(0, -1), r'node must .* level 0, got -1'),
    ],
)
def test_nodes_that_a_tree_does_not_have(ask, message):
    tree = random_tree((12, 5, 2), dim=4)
    with pytest.raises(ValueError, match=message):
        ask(tree)


IDENTITY = dict(data='0123abcd', run='moco_20250102_030405')


def identity(tree):
    return dict(data=tree.data, run=tree.run)


def test_identity_of_data_and_run_travels(tmp_path):
    tree = replace(random_tree((12, 5), dim=4), **IDENTITY)
    assert identity(tree.to('cpu')) == IDENTITY
    state = tree.state_dict()
    assert identity(PrototypeTree.from_state_dict(state)) == IDENTITY
    tree.save(tmp_path / 'tree.pth')
    assert identity(PrototypeTree.load(tmp_path / 'tree.pth')) == IDENTITY


@pytest.mark.parametrize('missing', [['run'], ['data', 'run']])
def test_files_without_identity_still_load(missing, tmp_path):
    """As versions before wrote them."""
    tree = replace(random_tree((12, 5), dim=4), **IDENTITY)
    state = tree.state_dict()
    for name in missing:
        del state[name]
    expected = IDENTITY | dict.fromkeys(missing, '')
    assert identity(PrototypeTree.from_state_dict(state)) == expected
    torch.save(state, tmp_path / 'old.pth')
    loaded = PrototypeTree.load(tmp_path / 'old.pth')
    assert identity(loaded) == expected
    assert torch.equal(loaded.leaf, tree.leaf)


def test_the_key_of_a_tree_is_spelled_once():
    """Strings of the package and of the tools that name it."""
    files = [*ROOT.glob('hirl_mm/**/*.py'), *ROOT.glob('tools/**/*.py')]
    for name in (TREE_KEY, TREES_FOLDER):
        spelled = [
            str(file.relative_to(ROOT))
            for file in files
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Constant) and node.value == name
        ]
        assert len(spelled) == 1, f'{name}: {spelled}'


def test_saved_tree_loads_without_pickled_code(tmp_path):
    tree = random_tree((12, 5, 2), dim=4)
    tree.save(tmp_path / 'tree.pth')
    torch.load(tmp_path / 'tree.pth', weights_only=True)
    loaded = PrototypeTree.load(tmp_path / 'tree.pth')
    assert torch.equal(loaded.leaf, tree.leaf)
    assert loaded.objective == tree.objective
    for mine, theirs in zip(loaded.centroids, tree.centroids, strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(loaded.parents, tree.parents, strict=True):
        assert torch.equal(mine, theirs)


def test_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'tree.pth'
    old = random_tree((12, 5), dim=4, seed=1)
    old.save(path)

    def die_halfway(state, file):
        file.write_bytes(b'half')
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, 'save', die_halfway)
    with pytest.raises(KeyboardInterrupt):
        random_tree((12, 5), dim=4, seed=2).save(path)
    assert torch.equal(PrototypeTree.load(path).leaf, old.leaf)
    assert [f.name for f in tmp_path.iterdir()] == ['tree.pth']


def test_file_of_something_else_is_refused(tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'model.pth')
    with pytest.raises(
        ValueError, match=r'not a file of a prototype tree.*state_dict'
    ):
        PrototypeTree.load(tmp_path / 'model.pth')


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_moving_to_a_gpu_and_back():
    tree = random_tree((6, 3), dim=4)
    there = tree.to('cuda')
    assert there.centroids[1].is_cuda and there.leaf_paths.is_cuda
    assert torch.equal(there.to('cpu').leaf_paths, tree.leaf_paths)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(centroids=[]), 'at least one level'),
        (dict(parents=[]), '2 levels need 1 parent tensors, got 0'),
        (dict(parents=[torch.tensor([0, 1])]), r'shape \(3,\)'),
        (
            dict(parents=[torch.tensor([0, 1, 2])]),
            r'parents\[0\] must lie in \[0, 2\).* to 2',
        ),
        (dict(leaf=torch.tensor([3])), r'leaf must lie in \[-1, 3\)'),
        (dict(leaf=torch.tensor([-2])), 'values from -2'),
        (dict(leaf=torch.tensor([0.0])), 'torch.long'),
        (dict(objective=[1.0]), '2 objectives, got 1'),
        (dict(data=None), 'data must be .* as a string.* got NoneType'),
    ],
)
def test_parts_that_make_no_tree(change, message):
    parts = dict(
        centroids=[torch.eye(3), torch.eye(3)[:2]],
        parents=[torch.tensor([0, 0, 1])],
        leaf=torch.tensor([2, 0]),
    )
    with pytest.raises(ValueError, match=message):
        PrototypeTree(**(parts | change))


def test_samples_without_a_leaf():
    """They are members of nothing and have no path."""
    leaf = torch.tensor([2, NO_LEAF, 0, NO_LEAF, 0])
    tree = PrototypeTree(
        centroids=[torch.eye(3), torch.eye(3)[:2]],
        parents=[torch.tensor([0, 0, 1])],
        leaf=leaf,
    )
    assert not tree.is_complete
    assert tree.sample_paths(torch.arange(3)).tolist() == [
        [2, 1],
        [-1, -1],
        [0, 0],
    ]
    assert tree.leaf_paths.tolist() == [[0, 0], [1, 0], [2, 1]]
    assert tree.sizes(0).tolist() == [2, 0, 1]
    assert tree.sizes(1).tolist() == [2, 1]
    assert tree.members(0, 2).tolist() == [0]
    assert tree.members(1, 0).tolist() == [2, 4]
    assert tree.summary()[0]['largest_share'] == pytest.approx(2 / 3)
    again = PrototypeTree.from_state_dict(tree.state_dict())
    assert torch.equal(again.leaf, leaf) and not again.is_complete
    whole = PrototypeTree(tree.centroids, tree.parents, leaf.clamp(min=0))
    assert whole.is_complete
