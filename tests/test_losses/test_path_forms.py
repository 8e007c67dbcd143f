"""What the forms of the SPD loss share, and how one is chosen."""

import math

import pytest
import torch
import torch.nn.functional as F

from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from hirl_mm.losses.semantic_path.form import compares_with_all
from hirl_mm.losses.semantic_path.repulsion import repulsion_of_sampled
from hirl_mm.structures import PrototypeTree
from tests.dispatched import Shapes, waits_for_device
from tests.trees import random_tree

NUMS = (40, 12, 3)
FORMS = {
    'by all': [True] * 3,
    'gathered': [False] * 3,
    'mixed': [False, True, False],
    'by size': None,
    'all paths': None,
}
REDUCTIONS = ['paper', 'official']


@pytest.fixture
def case():
    torch.manual_seed(0)
    tree = random_tree(NUMS, dim=16)
    z = [torch.randn(6, 16, requires_grad=True) for _ in NUMS]
    leaf = tree.leaf[:6]
    return z, tree, leaf, sample_negative_leaves(leaf, NUMS[0], 9)


def loss_of(form, z, tree, leaf, negatives, reduction='paper'):
    if form == 'all paths':
        negatives = None
    return semantic_path_loss(z, tree, leaf, negatives, reduction, FORMS[form])


def in_double(tree):
    centroids = [c.double() for c in tree.centroids]
    return PrototypeTree(centroids, tree.parents, tree.leaf)


# On either side of every border, one size at a time.
@pytest.mark.parametrize(
    ('sizes', 'whole'),
    [
        ((8, 100, 1299, 26), True),
        ((8, 100, 1300, 26), False),
        ((8, 101, 1300, 26), True),
        ((26, 100, 2000, 26), False),
        ((27, 100, 2000, 26), True),
        ((8, 100, 3999, 80), True),
        ((8, 100, 4000, 80), False),
        ((8, 101, 4000, 80), True),
    ],
)
def test_choice(sizes, whole):
    assert compares_with_all(*sizes) is whole


@pytest.mark.parametrize(('num_negatives', 'dense'), [(3, False), (4, True)])
def test_loss_takes_the_form_of_its_size(num_negatives, dense):
    """4 samples compare with 30 prototypes as a whole from 4 paths on."""
    tree = random_tree((30, 5), dim=16)
    z = [torch.randn(4, 16, requires_grad=True) for _ in range(2)]
    leaf = tree.leaf[:4]
    negatives = torch.zeros(4, num_negatives, dtype=torch.long)
    with Shapes() as shapes:
        semantic_path_loss(z, tree, leaf, negatives)
    assert ((4, 30) in shapes.seen) is dense
    assert (4, 5) in shapes.seen


@pytest.mark.parametrize('reduction', REDUCTIONS)
@pytest.mark.parametrize('form', FORMS)
def test_gradient_by_finite_differences(case, form, reduction):
    """In double precision, of embeddings that are no unit vectors."""
    z, tree, leaf, negatives = case
    z = tuple(3 * part.detach().double()[:2, :] for part in z)
    tree = in_double(tree)

    def loss(*embeddings):
        return loss_of(
            form, embeddings, tree, leaf[:2], negatives[:2], reduction
        )

    assert loss(*z).dtype == torch.float64
    assert torch.autograd.gradcheck(loss, [p.requires_grad_() for p in z])


@pytest.mark.parametrize('reduction', REDUCTIONS)
def test_forms_agree(case, reduction):
    z, tree, leaf, _ = case
    # All leaves, the own one among them, are all paths.
    negatives = torch.arange(NUMS[0]).expand(6, -1)
    results = {}
    for form in FORMS:
        loss = loss_of(form, z, tree, leaf, negatives, reduction)
        results[form] = (loss, *torch.autograd.grad(loss, z))
    for form, found in results.items():
        torch.testing.assert_close(
            found,
            results['by all'],
            rtol=1e-5,
            atol=1e-6,
            msg=lambda text, form=form: f'{form}: {text}',
        )


@pytest.mark.parametrize('dim', [128, 256])
def test_blocks_of_gathered_prototypes(dim):
    """3 samples at a time and one left over, or a sample at a time."""
    torch.manual_seed(0)
    tree = random_tree((50, 20), dim=dim)
    z = [torch.randn(7, dim, requires_grad=True) for _ in range(2)]
    args = z, tree, tree.leaf[:7], torch.randint(50, (7, 300)), 'paper'
    with Shapes() as shapes:
        blocked = semantic_path_loss(*args, [False, False])
    sizes = {s[0] for s in shapes.seen if s[1:] == (300, dim)}
    assert sizes == ({3, 1} if dim == 128 else {1})
    whole = semantic_path_loss(*args, [True, True])
    torch.testing.assert_close(blocked, whole)
    for ours, theirs in zip(
        torch.autograd.grad(blocked, z),
        torch.autograd.grad(whole, z),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('form', FORMS)
def test_half_precision_under_autocast(case, form, dtype):
    z, *rest = case
    rounded = [p.detach().to(dtype).requires_grad_() for p in z]
    with torch.autocast('cpu', torch.bfloat16):
        loss = loss_of(form, rounded, *rest)
    same = [p.detach().float().requires_grad_() for p in rounded]
    plain = loss_of(form, same, *rest)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, plain)
    loss.backward()
    plain.backward()
    for half, full in zip(rounded, same, strict=True):
        assert torch.equal(half.grad, full.grad.to(dtype))


@pytest.mark.parametrize('form', FORMS)
def test_gradient_reaches_embeddings_alone(case, form):
    z, tree, *rest = case
    for centroids in tree.centroids:
        centroids.requires_grad_()
    loss_of(form, z, tree, *rest).backward()
    assert all(part.grad.abs().sum() > 0 for part in z)
    assert all(centroids.grad is None for centroids in tree.centroids)


@pytest.mark.parametrize('form', FORMS)
def test_graph_serves_twice_and_scales(case, form):
    z = case[0]
    loss = loss_of(form, *case)
    once = torch.autograd.grad(loss, z, retain_graph=True)
    scaled = torch.autograd.grad(-4 * loss, z)
    for first, second in zip(once, scaled, strict=True):
        torch.testing.assert_close(-4 * first, second)


def test_gradient_has_no_gradient(case):
    loss = semantic_path_loss(*case)
    with pytest.raises(RuntimeError, match='no second .* create_graph=True'):
        torch.autograd.grad(loss, case[0], create_graph=True)


@pytest.mark.parametrize('reduction', REDUCTIONS)
@pytest.mark.parametrize('form', FORMS)
def test_host_never_waits_for_the_device(case, form, reduction):
    z, tree, leaf, _ = case

    def step():
        negatives = sample_negative_leaves(leaf, NUMS[0], 9)
        loss_of(form, z, tree, leaf, negatives, reduction).backward()

    assert not waits_for_device(step)


@pytest.mark.parametrize(
    'waits',
    [
        lambda x: x.sum().item(),
        lambda x: x[x > 0],
        lambda x: x.prod(0).sum().backward(),
    ],
    ids=['item', 'boolean index', 'backward of prod'],
)
def test_waits_are_noticed(waits):
    x = torch.rand(3, 4, requires_grad=True)
    assert waits_for_device(lambda: waits(x))


@pytest.mark.parametrize('form', FORMS)
def test_no_tensor_has_batch_negatives_and_dimensions(form):
    """The released form holds (B, M, L, D); only blocks of (B, M, D) here."""
    torch.manual_seed(0)
    tree = random_tree((50, 20, 5), dim=512)
    z = [torch.randn(8, 512, requires_grad=True) for _ in range(3)]
    leaf = tree.leaf[:8]
    kept = []

    def keep(tensor):
        kept.append(tensor.numel())
        return tensor

    with (
        Shapes() as shapes,
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        loss = loss_of(form, z, tree, leaf, torch.randint(50, (8, 300)))
        loss.backward()
    assert max(kept) <= 3 * 8 * 512
    largest = max(torch.Size(shape).numel() for shape in shapes.seen)
    assert largest <= max(3 * 8 * 512, 50 * 512, 300 * 512)


@pytest.mark.parametrize(('angle', 'pushed'), [(1e-3, False), (3e-3, True)])
def test_floor_of_the_logarithm(angle, pushed):
    """Below 1e-6, 1 - s no longer pushes in Eq. 3; the released code does."""
    angle = torch.tensor(angle, dtype=torch.float64)
    near = torch.stack((angle.cos(), angle.sin()))
    away = torch.tensor([0.0, 1.0], dtype=torch.float64)
    tree = PrototypeTree([torch.stack((away, near))], [], torch.tensor([0]))
    unit = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)
    args = unit, tree, torch.tensor([0]), torch.tensor([[1]]), [True]
    distance = (1 - angle.cos()) / 2
    value, gradient = repulsion_of_sampled(*args, floored=True)
    torch.testing.assert_close(value[0], -distance.clamp(min=1e-6).log())
    assert bool(gradient.abs().sum() > 0) is pushed
    value, gradient = repulsion_of_sampled(*args, floored=False)
    torch.testing.assert_close(value[0], -(distance + 1e-6).log())
    assert gradient.abs().sum() > 0


def test_reductions_differ_where_a_negative_is_near():
    near = 1 - 2e-6
    centroids = torch.tensor(
        [[0.0, 1.0], [near, (1 - near**2) ** 0.5]], dtype=torch.float64
    )
    tree = PrototypeTree([centroids], [], torch.tensor([0]))
    z = [torch.tensor([[1.0, 0.0]], dtype=torch.float64)]
    args = z, tree, torch.tensor([0]), torch.tensor([[1]])
    # Half of (1 - cos) is 1e-6, as much as the constant.
    assert semantic_path_loss(*args).item() == pytest.approx(
        math.log(2) - math.log(1e-6), abs=1e-6
    )
    assert semantic_path_loss(*args, 'official').item() == pytest.approx(
        (-math.log(0.5 + 1e-6) - math.log(2e-6) / (1 + 1e-6)) / 2, abs=1e-6
    )


def test_a_tree_of_one_leaf_only_attracts():
    tree = random_tree((1,), dim=4)
    z = torch.randn(3, 4, requires_grad=True)
    loss = semantic_path_loss([z], tree, torch.zeros(3).long(), None)
    cosine = F.normalize(z, dim=1) @ tree.centroids[0][0]
    torch.testing.assert_close(loss, -((1 + cosine) / 2).log().mean())
