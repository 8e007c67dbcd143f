import pytest
import torch

from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from tests.trees import random_tree


def test_uniform_over_the_other_leaves():
    generator = torch.Generator().manual_seed(0)
    leaf = torch.tensor([2, 0])
    drawn = sample_negative_leaves(leaf, 5, 100_000, generator)
    assert drawn.shape == (2, 100_000)
    for row, positive in zip(drawn, leaf, strict=True):
        share = torch.bincount(row, minlength=5) / len(row)
        assert share[positive] == 0
        others = share[torch.arange(5) != positive]
        torch.testing.assert_close(
            others, torch.full((4,), 0.25), atol=0.005, rtol=0
        )


def test_two_leaves_leave_one_choice():
    leaf = torch.tensor([0, 1, 1])
    drawn = sample_negative_leaves(leaf, 2, 7)
    assert torch.equal(drawn, (1 - leaf)[:, None].expand(3, 7))


def test_sampled_loss_averages_to_that_of_all_paths():
    tree = random_tree((6, 2), dim=4)
    z = [torch.randn(3, 4) for _ in range(2)]
    leaf = tree.leaf[:3]
    generator = torch.Generator().manual_seed(0)
    negatives = sample_negative_leaves(leaf, 6, 200_000, generator)
    torch.testing.assert_close(
        semantic_path_loss(z, tree, leaf, negatives),
        semantic_path_loss(z, tree, leaf, None),
        atol=3e-3,
        rtol=0,
    )


def test_generator_decides():
    leaf = torch.zeros(4, dtype=torch.long)

    def draw(seed):
        generator = torch.Generator().manual_seed(seed)
        return sample_negative_leaves(leaf, 1000, 5, generator)

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_a_single_leaf_has_no_negative():
    with pytest.raises(ValueError, match='second leaf.* 1 prototype'):
        sample_negative_leaves(torch.tensor([0]), 1, 5)
