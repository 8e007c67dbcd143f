import math

import pytest
import torch

from hirl_mm.structures import PrototypeTree
from tests.oracles.semantic_path import path_of
from tests.trees import random_tree


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
    with pytest.raises(ValueError, match=r'no prototype tree.*state_dict'):
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
        (dict(leaf=torch.tensor([3])), r'leaf must lie in \[0, 3\)'),
        (dict(leaf=torch.tensor([-1])), 'values from -1'),
        (dict(leaf=torch.tensor([0.0])), 'torch.long'),
        (dict(objective=[1.0]), '2 objectives, got 1'),
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
