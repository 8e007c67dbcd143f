"""Eq. 2 of HIRL, by itself and as part of Eq. 3."""

import pytest
import torch

from hirl_mm.losses import path_similarity, semantic_path_loss
from hirl_mm.structures import PrototypeTree
from tests.oracles.semantic_path import path_of
from tests.trees import random_tree

NUMS = (12, 5, 3)


@pytest.fixture
def case():
    torch.manual_seed(0)
    tree = random_tree(NUMS, dim=6)
    z = [torch.randn(4, 6, requires_grad=True) for _ in NUMS]
    return z, tree, torch.randint(NUMS[0], (4, 7))


def test_equals_one_path_at_a_time_in_float64(case):
    z, tree, leaves = case
    found = path_similarity(*case)
    assert found.shape == (4, 7) and found.dtype == torch.float32
    for i in range(4):
        for j in range(7):
            product = 1.0
            for level, node in enumerate(path_of(leaves[i, j], tree.parents)):
                cosine = torch.cosine_similarity(
                    z[level][i].double(),
                    tree.centroids[level][node].double(),
                    dim=0,
                )
                product *= (1 + cosine.item()) / 2
            assert found[i, j].item() == pytest.approx(product, abs=1e-6)


def test_hand_made_paths():
    tree = PrototypeTree(
        centroids=[
            torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]),
            torch.tensor([[0.0, 1.0], [0.0, -1.0]]),
        ],
        parents=[torch.tensor([0, 0, 1])],
        leaf=torch.tensor([0]),
    )
    z = [torch.tensor([[9.0, 0.0]]), torch.tensor([[0.0, 0.1]])]
    found = path_similarity(z, tree, torch.tensor([[0, 1, 2]]))
    assert found.tolist() == [[1.0, 0.5, 0.0]]


def test_loss_is_the_cross_entropy_of_similarities(case):
    """Eq. 3 from Eq. 2, values and gradients."""
    z, tree, negatives = case
    leaf = torch.arange(4)
    negatives = (leaf[:, None] + 1 + negatives % (NUMS[0] - 1)) % NUMS[0]
    positive = path_similarity(z, tree, leaf[:, None])[:, 0]
    negative = path_similarity(z, tree, negatives)
    expected = -(positive.log() + (1 - negative).log().mean(1)).mean()
    found = semantic_path_loss(z, tree, leaf, negatives)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found, z), torch.autograd.grad(expected, z)
    )


def test_gradient_by_finite_differences(case):
    z, tree, leaves = case
    centroids = [c.double() for c in tree.centroids]
    tree = PrototypeTree(centroids, tree.parents, tree.leaf)
    z = [part.detach().double().requires_grad_() for part in z]

    def similarity(*embeddings):
        return path_similarity(embeddings, tree, leaves)

    assert torch.autograd.gradcheck(similarity, z)
    assert torch.autograd.gradgradcheck(similarity, z)


def test_gradient_reaches_embeddings_alone(case):
    z, tree, leaves = case
    for centroids in tree.centroids:
        centroids.requires_grad_()
    path_similarity(z, tree, leaves).sum().backward()
    assert all(part.grad.abs().sum() > 0 for part in z)
    assert all(centroids.grad is None for centroids in tree.centroids)


def test_single_precision_under_autocast(case):
    z, tree, leaves = case
    with torch.autocast('cpu', torch.bfloat16):
        cast = path_similarity(z, tree, leaves)
    assert torch.equal(cast, path_similarity(z, tree, leaves))


def test_rejects(case):
    z, tree, leaves = case
    with pytest.raises(ValueError, match='3 levels .* embedding .* got 2'):
        path_similarity(z[:2], tree, leaves)
    for wrong in (leaves[:3], leaves[0]):
        with pytest.raises(ValueError, match=r'each of the 4 samples, got \('):
            path_similarity(z, tree, wrong)
