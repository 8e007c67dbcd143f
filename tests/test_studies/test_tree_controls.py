"""Trees that are wrong on purpose: what is lost and what stays."""

import pytest
import torch
from mmengine.hooks import Hook

from hirl_mm.structures import NO_LEAF, PrototypeTree
from hirl_mm.studies.tree_controls import (
    TreeControlHook,
    with_random_leaves,
    with_shuffled_parents,
)
from tests.runs import NUMS, run, small_config


@pytest.fixture
def tree():
    generator = torch.Generator().manual_seed(3)
    nums = 40, 8, 3

    def draw(high, num):
        return torch.randint(high, (num,), generator=generator)

    leaf = draw(40, 500)
    leaf[7] = leaf[123] = NO_LEAF
    return PrototypeTree(
        [torch.randn(n, 4, generator=generator) for n in nums],
        [draw(8, 40), draw(3, 8)],
        leaf,
        data='images',
    )


def same(one, other):
    return [torch.equal(a, b) for a, b in zip(one, other, strict=True)]


def test_shuffled_parents(tree):
    control = with_shuffled_parents(tree, 0)
    assert torch.equal(control.leaf, tree.leaf)
    assert all(same(control.centroids, tree.centroids))
    assert not any(same(control.parents, tree.parents))
    for level in 1, 2:
        for node in range(tree.num_prototypes[level]):
            children = [t.children(level, node) for t in (control, tree)]
            assert len(children[0]) == len(children[1])
    again = with_shuffled_parents(tree, 0)
    assert all(same(control.parents, again.parents))
    other = with_shuffled_parents(tree, 1)
    assert not any(same(control.parents, other.parents))
    assert control.data == 'images'


def test_random_leaves(tree):
    control = with_random_leaves(tree, 0)
    assert all(same(control.parents, tree.parents))
    assert all(same(control.centroids, tree.centroids))
    for level in range(3):
        assert torch.equal(control.sizes(level), tree.sizes(level))
    assert (control.leaf[[7, 123]] == NO_LEAF).all()
    changed = (control.leaf != tree.leaf).float().mean()
    assert changed > 0.9
    assert torch.equal(with_random_leaves(tree, 0).leaf, control.leaf)
    assert not torch.equal(with_random_leaves(tree, 1).leaf, control.leaf)


def test_unknown_control():
    with pytest.raises(ValueError, match='shuffled_parents, random_leaves'):
        TreeControlHook('random')


class Used(Hook):
    """Keep the trees that the model trains on."""

    def __init__(self):
        self.trees = []

    def before_train_epoch(self, runner):
        if runner.model.tree is not None:
            self.trees.append(runner.model.tree)


def test_training_uses_the_control(digits, tmp_path):
    """And a resumed training the same ones as one without a break."""

    def trained(name, epochs, resume=False, interval=1):
        cfg = small_config(
            digits, tmp_path / name, epochs=epochs, interval=interval
        )
        cfg.default_hooks.kmeans.max_keep_trees = -1
        cfg.default_hooks.tree_control = dict(
            type='hirl_mm.TreeControlHook', control='shuffled_parents'
        )
        cfg.resume = resume
        used = Used()
        run(cfg, used)
        return used.trees

    whole = trained('whole', 4)
    assert len(whole) == 3 and whole[0].num_prototypes == NUMS
    for epoch, used in enumerate(whole, start=2):
        file = tmp_path / f'whole/prototype_trees/epoch_{epoch}.pth'
        built = PrototypeTree.load(file)
        assert torch.equal(built.leaf, used.leaf)
        assert not all(same(built.parents, used.parents))
    trained('part', 3)
    (last,) = trained('part', 4, resume=True)
    assert all(same(last.parents, whole[-1].parents))

    # No new tree in the epoch after the break: that of the checkpoint stays.
    kept = trained('kept', 2, interval=3)
    after = trained('kept', 3, resume=True, interval=3)
    assert all(same(kept[-1].parents, after[-1].parents))


def test_only_with_a_tree(digits, tmp_path):
    cfg = small_config(digits, tmp_path, hirl=False, epochs=1)
    with pytest.raises(ValueError, match='the model is a MoCo: remove'):
        run(cfg, TreeControlHook('random_leaves'))
