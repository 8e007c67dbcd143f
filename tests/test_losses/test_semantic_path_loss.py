"""Numbers of the hand-made cases were computed in float64 beforehand."""

import pytest
import torch
import torch.nn.functional as F

from hirl_mm.losses import semantic_path_loss
from hirl_mm.structures import PrototypeTree
from tests.oracles.semantic_path import batch_loss
from tests.trees import random_tree


def chosen_cosines(positive, negatives):
    """One sample whose path 0 and negative paths have these cosines.

    Every path has prototypes of its own, each in the plane of the first axis,
    along which the embeddings lie, and an axis of its own: the gradient there
    is that in the cosine times the sine.
    """
    paths = torch.tensor([positive, *negatives], dtype=torch.float64)
    sines = (1 - paths**2).sqrt()
    tree = PrototypeTree(
        centroids=[
            torch.cat((cos[:, None], sin.diag()), dim=1).float()
            for cos, sin in zip(paths.T, sines.T, strict=True)
        ],
        parents=[torch.arange(len(paths))] * (len(positive) - 1),
        leaf=torch.tensor([0]),
    )
    first_axis = torch.eye(1, 1 + len(paths))
    embeddings = [first_axis.clone().requires_grad_() for _ in positive]
    leaves = torch.arange(1, len(paths))[None]
    return embeddings, tree, torch.tensor([0]), leaves


def slopes(embeddings, tree):
    """Gradients in the cosines of :func:`chosen_cosines`, (paths, L)."""
    return torch.stack(
        [
            z.grad[0, 1:] / c[:, 1:].diagonal()
            for z, c in zip(embeddings, tree.centroids, strict=True)
        ],
        dim=1,
    )


# Forms of the levels of sampled paths, by the number of levels.
SAMPLED = {
    'by size': lambda num_levels: None,
    'by all': lambda num_levels: [True] * num_levels,
    'gathered': lambda num_levels: [False] * num_levels,
    'mixed': lambda num_levels: [bool(lv % 2) for lv in range(num_levels)],
}

PAPER = dict(reduction='paper')
OFFICIAL = dict(reduction='official')


@pytest.mark.parametrize(
    ('positive', 'negatives', 'paper', 'official'),
    [
        ([1, 1, 1], [[-1, -1, -1]], 0.0, -9.9999899992e-07),
        ([0], [[0]], 1.3862943611, None),
        ([0] * 2, [[0] * 2], 1.6739764336, None),
        ([0] * 3, [[0] * 3], 2.2129729343, 1.1064818290),
        ([0] * 4, [[0] * 4], 2.8371272434, None),
        ([0], [[1]], 14.5086577, 7.2543210),
        ([0.5], [[-0.5], [0]], 0.7780966990, 0.3890467269),
        (
            [0.8, 0.6, 0.2],
            [[0.1, 0.6, 0.2], [-0.3, 0, 0.2], [-0.5, -0.4, -0.1]],
            0.9899261574,
            0.4949613110,
        ),
    ],
)
def test_hand_made_cosines(positive, negatives, paper, official):
    case = chosen_cosines(positive, negatives)
    value = semantic_path_loss(*case, **PAPER).item()
    assert value == pytest.approx(paper, abs=2e-6)
    if official is not None:
        value = semantic_path_loss(*case, **OFFICIAL).item()
        assert value == pytest.approx(official, abs=1e-6)


def test_one_level_is_binary_cross_entropy():
    cosines = torch.tensor([0.5, -0.5, 0.0])
    logits = 2 * torch.atanh(cosines)
    positive = F.binary_cross_entropy_with_logits(logits[:1], torch.ones(1))
    negative = F.binary_cross_entropy_with_logits(logits[1:], torch.zeros(2))
    case = chosen_cosines([0.5], [[-0.5], [0.0]])
    torch.testing.assert_close(semantic_path_loss(*case), positive + negative)


def test_hand_made_tree_and_scale_of_the_embeddings():
    tree = PrototypeTree(
        centroids=[
            torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]),
            torch.tensor([[0.0, 1.0], [0.0, -1.0]]),
        ],
        parents=[torch.tensor([0, 0, 1])],
        leaf=torch.tensor([0]),
    )
    z = [torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 0.2]])]
    args = tree, torch.tensor([0]), torch.tensor([[1, 2]])
    assert semantic_path_loss(z, *args).item() == pytest.approx(
        0.3465735903, abs=1e-6
    )
    assert semantic_path_loss(z, *args, **OFFICIAL).item() == pytest.approx(
        0.1732854585, abs=1e-6
    )


def test_gradients_in_the_cosines():
    positive = [0.8, 0.6, 0.2]
    negatives = [[0.1, 0.6, 0.2], [-0.3, 0, 0.2], [-0.5, -0.4, -0.1]]
    expected = torch.tensor(
        [
            [-0.5555556, -0.6250000, -0.8333333],
            [0.1086957, 0.0747283, 0.0996377],
            [0.0558659, 0.0391061, 0.0325885],
            [0.0232859, 0.0194049, 0.0129366],
        ]
    )
    embeddings, tree, leaf, leaves = chosen_cosines(positive, negatives)
    semantic_path_loss(embeddings, tree, leaf, leaves).backward()
    found = slopes(embeddings, tree)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ('cosine', 'reduction', 'slope'),
    [
        (-0.999, 'official', 0.0625),
        (-0.999, 'paper', 1000.0),
        (-0.9, 'official', 4.960),
        (-0.9, 'paper', 10.0),
    ],
)
def test_slope_far_from_the_positive_path(cosine, reduction, slope):
    """The released eps makes the pull vanish where the paper's explodes."""
    embeddings, tree, leaf, leaves = chosen_cosines([cosine] * 3, [[-1] * 3])
    semantic_path_loss(embeddings, tree, leaf, leaves, reduction).backward()
    found = slopes(embeddings, tree)[0]
    torch.testing.assert_close(
        found, torch.full((3,), -slope), rtol=2e-3, atol=0
    )


@pytest.mark.parametrize('reduction', ['paper', 'official'])
@pytest.mark.parametrize('form', ['all paths', *SAMPLED])
@pytest.mark.parametrize(
    'nums', [(2,), (7, 3), (20, 8, 3), (9, 7, 5, 2)], ids=str
)
def test_against_the_naive_formula(nums, form, reduction):
    generator = torch.Generator().manual_seed(len(nums))
    tree = random_tree(nums, dim=6, seed=3)
    shape = (len(nums), 5, 6)
    naive_z = torch.randn(shape, generator=generator, dtype=torch.float64)
    z = naive_z.float().requires_grad_()
    naive_z.requires_grad_()
    leaf = torch.randint(nums[0], (5,), generator=generator)
    negatives = by_all = None
    if form in SAMPLED:
        # The positive may be among them, once in the first row.
        negatives = torch.randint(nums[0], (5, 4), generator=generator)
        negatives[:, 0] = (leaf + 1) % nums[0]
        negatives[0, 1] = leaf[0]
        by_all = SAMPLED[form](len(nums))
    expected = batch_loss(
        naive_z,
        [c.double() for c in tree.centroids],
        tree.parents,
        leaf,
        negatives,
        reduction,
    )
    found = semantic_path_loss(
        list(z.unbind(0)), tree, leaf, negatives, reduction, by_all
    )
    torch.testing.assert_close(found.double(), expected, rtol=2e-5, atol=2e-6)
    expected.backward()
    found.backward()
    torch.testing.assert_close(
        z.grad.double(), naive_z.grad, rtol=1e-4, atol=2e-6
    )
    radial = (z.grad * z.detach()).sum(-1)
    torch.testing.assert_close(
        radial, torch.zeros_like(radial), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize('reduction', ['paper', 'official'])
def test_negatives_equal_to_the_positive_do_not_count(reduction):
    tree = random_tree((6, 2), dim=4)
    z = [torch.randn(2, 4, requires_grad=True) for _ in range(2)]
    leaf = torch.tensor([1, 4])
    clean = semantic_path_loss(
        z, tree, leaf, torch.tensor([[2, 5], [0, 3]]), reduction
    )
    masked = semantic_path_loss(
        z, tree, leaf, torch.tensor([[2, 1, 5], [4, 0, 3]]), reduction
    )
    torch.testing.assert_close(masked, clean)
    only_positive = semantic_path_loss(
        z, tree, leaf, leaf[:, None].expand(2, 3), reduction
    )
    only_positive.backward()
    assert torch.isfinite(only_positive)
    assert all(torch.isfinite(part.grad).all() for part in z)


@pytest.mark.parametrize('reduction', ['paper', 'official'])
def test_extreme_cosines_stay_finite(reduction):
    tree = PrototypeTree(
        [torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])],
        [],
        torch.tensor([0]),
    )
    z = torch.tensor([[-2.0, 0.0], [5.0, 0.0]], requires_grad=True)
    leaf = torch.tensor([0, 0])
    loss = semantic_path_loss([z], tree, leaf, None, reduction)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(z.grad).all()


def test_single_precision_under_autocast():
    tree = random_tree((8, 3), dim=16)
    z = [torch.randn(4, 16) for _ in range(2)]
    leaf, negatives = tree.leaf[:4], torch.tensor([[0, 3]] * 4)
    plain = semantic_path_loss(z, tree, leaf, negatives)
    with torch.autocast('cpu', torch.bfloat16):
        cast = semantic_path_loss(z, tree, leaf, negatives)
    assert cast.dtype == torch.float32
    assert torch.equal(cast, plain)


def test_order_of_the_batch_does_not_matter():
    tree = random_tree((8, 3), dim=16)
    z = [torch.randn(6, 16) for _ in range(2)]
    leaf = tree.leaf[:6]
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    torch.testing.assert_close(
        semantic_path_loss([p[order] for p in z], tree, leaf[order], None),
        semantic_path_loss(z, tree, leaf, None),
    )


def test_wrong_number_of_levels():
    tree = random_tree((8, 3), dim=4)
    with pytest.raises(ValueError, match='2 levels .* got 1'):
        semantic_path_loss([torch.ones(1, 4)], tree, tree.leaf[:1], None)


def test_wrong_number_of_forms():
    tree = random_tree((8, 3), dim=4)
    z, negatives = [torch.ones(1, 4)] * 2, torch.tensor([[0]])
    with pytest.raises(ValueError, match='2 levels .* by_all .* got 3'):
        semantic_path_loss(
            z, tree, tree.leaf[:1], negatives, 'paper', [True] * 3
        )


def test_unknown_reduction():
    tree = random_tree((8,), dim=4)
    with pytest.raises(ValueError, match="'official', 'paper'.*'mean'"):
        semantic_path_loss(
            [torch.ones(1, 4)], tree, tree.leaf[:1], None, 'mean'
        )
