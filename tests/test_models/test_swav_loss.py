import copy

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmengine.runner.checkpoint import load_state_dict
from mmpretrain.models.losses import SwAVLoss as MMPretrainSwAVLoss

from hirl_mm.models.heads import SwAVLoss
from hirl_mm.registry import MODELS
from tests.oracles.swav import naive_swav_loss
from tests.processes import run_processes

DIM, K, B = 6, 5, 4


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    set_epoch(0)


def set_epoch(epoch):
    MessageHub.get_current_instance().update_info('epoch', epoch)


def loss_of(**options):
    return SwAVLoss(DIM, **(dict(num_prototypes=K) | options))


def unit_rows(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(*shape, DIM, generator=generator), dim=-1)


@pytest.mark.parametrize(
    ('num_crops', 'crops_for_assign'),
    [((2,), (0, 1)), ((2, 3), (0, 1)), ((2, 3), (1,)), ((1, 2), (0, 2, 1))],
)
def test_value_and_gradients_of_the_naive_formula(num_crops, crops_for_assign):
    options = dict(
        crops_for_assign=crops_for_assign,
        epsilon=0.1,
        temperature=0.2,
        num_iters=2,
    )
    module = loss_of(num_crops=num_crops, **options)
    x = unit_rows(sum(num_crops), B).requires_grad_()
    weight = F.normalize(module.prototypes.weight.detach(), dim=1)
    exact_x = x.detach().double().requires_grad_()
    exact_weight = weight.double().requires_grad_()
    expected = naive_swav_loss(exact_x, exact_weight, **options)
    expected.backward()

    found = module(x.flatten(0, 1))
    found.backward()
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        x.grad.double(), exact_x.grad, atol=1e-6, rtol=1e-4
    )
    # the naive formula divides by the length, ours lets it go first
    grad = module.prototypes.weight.grad.double()
    along = (grad * weight.double()).sum(1, keepdim=True)
    torch.testing.assert_close(
        grad - along * weight, exact_weight.grad, atol=1e-6, rtol=1e-4
    )


def test_one_process_without_a_queue_is_mmpretrains():
    ours = loss_of(num_crops=(2, 3))
    theirs = MMPretrainSwAVLoss(DIM, num_crops=[2, 3], num_prototypes=K)
    theirs.load_state_dict(ours.state_dict())
    assert ours.state_dict().keys() == {'prototypes.weight'}
    x = unit_rows(5 * B)
    first, second = ours(x), theirs(x)
    first.backward()
    second.backward()
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(
        ours.prototypes.weight.grad, theirs.prototypes.weight.grad
    )


def test_prototypes_get_unit_length():
    module = loss_of(num_crops=(2,))
    with torch.no_grad():
        module.prototypes.weight.mul_(7)
    expected = F.normalize(module.prototypes.weight.detach(), dim=1)
    module(unit_rows(2 * B)).backward()
    torch.testing.assert_close(module.prototypes.weight.detach(), expected)
    assert module.prototypes.weight.grad is not None


def test_predictions_that_agree_cost_least():
    module = loss_of(num_crops=(2,), num_prototypes=2)
    with torch.no_grad():
        module.prototypes.weight.copy_(torch.eye(2, DIM))
    crop = torch.eye(2, DIM)
    agree = module(torch.cat((crop, crop)))
    differ = module(torch.cat((crop, crop.flip(0))))
    assert agree < 1e-4
    assert differ.item() == pytest.approx(10.0, abs=1e-3)


def test_computed_in_float32_under_autocast():
    module = loss_of(num_crops=(2,))
    x = unit_rows(2 * B)
    expected = module(x)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = module(x)
        half = module(x.bfloat16())
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert half.dtype == torch.float32


def queue_loss(length, **options):
    options = dict(num_crops=(2, 1), queue_start_epoch=0) | options
    return loss_of(queue_length=length, **options)


class NaiveQueue:
    """Lists of earlier batches, the newest first."""

    def __init__(self, length):
        self.length, self.batches = length, []

    def earlier(self):
        if len(self.batches) * B < self.length:
            return None
        return torch.cat(self.batches, dim=1)

    def push(self, crops):
        self.batches.insert(0, crops.double())
        self.batches = self.batches[: self.length // B]


@pytest.mark.parametrize('length', [B, 2 * B, 3 * B])
def test_queue_over_several_steps(length):
    module, naive = queue_loss(length), NaiveQueue(length)
    seen = []
    for step in range(6):
        x = unit_rows(3, B, seed=step)
        expected = naive_swav_loss(
            x.double(),
            module.prototypes.weight.detach().double(),
            naive.earlier(),
        )
        without = naive_swav_loss(
            x.double(), module.prototypes.weight.detach().double()
        )
        found = module(x.flatten(0, 1))
        torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=0)
        seen.append(abs(found.item() - without.item()) > 1e-4)
        naive.push(x[:2])
    used_from = length // B
    assert seen == [step >= used_from for step in range(6)]
    torch.testing.assert_close(
        module.queue.rows.double(), torch.cat(naive.batches, dim=1)
    )


def test_queue_fills_from_its_epoch_on():
    module = queue_loss(B, queue_start_epoch=2)
    alone = loss_of(num_crops=(2, 1))
    alone.prototypes = module.prototypes
    equal = []
    for epoch in (0, 1, 2, 2):
        set_epoch(epoch)
        x = unit_rows(3 * B, seed=len(equal))
        equal.append(torch.equal(module(x), alone(x)))
        assert module.queue.rows.any() == (epoch >= 2)
    assert equal == [True, True, True, False]


def test_no_gradient_through_the_queue():
    module = queue_loss(B)
    x = unit_rows(3 * B).requires_grad_()
    module(x)
    module(x).backward()
    assert not module.queue.rows.requires_grad
    assert x.grad is not None


@pytest.mark.parametrize('steps', [1, 2, 4])
@pytest.mark.parametrize('load', ['torch', 'mmengine'])
def test_queue_goes_on_from_a_checkpoint(steps, load):
    """Half full or full, with either library's loading."""
    module = queue_loss(2 * B)
    for step in range(steps):
        module(unit_rows(3 * B, seed=step))
    state = copy.deepcopy(module.state_dict())
    assert state.keys() == {'prototypes.weight', 'queue.rows'}
    again = queue_loss(2 * B)
    if load == 'torch':
        again.load_state_dict(state)
    else:
        load_state_dict(again, state, strict=True)
    assert again.queue.full == (steps >= 2)
    for step in range(steps, steps + 3):
        x = unit_rows(3 * B, seed=step)
        assert torch.equal(again(x), module(x))
        assert torch.equal(again.queue.rows, module.queue.rows)


def test_checkpoint_without_a_queue_or_with_another():
    for other in (loss_of(num_crops=(2, 1)), queue_loss(2 * B)):
        module = queue_loss(B)
        other(unit_rows(3 * B))
        load_state_dict(module, other.state_dict(), strict=False)
        assert not module.queue.full
        module(unit_rows(3 * B))
        assert module.queue.full


OPTIONS = dict(
    feat_dim=DIM,
    num_prototypes=K,
    num_crops=(2, 1),
    queue_length=4 * B,
    queue_start_epoch=0,
)


def process(rank, folder):
    """A few steps with half of every batch, gradients averaged."""
    module = SwAVLoss(**OPTIONS)
    module.load_state_dict(torch.load(f'{folder}/start.pth'))
    world_size = dist.get_world_size()
    found = []
    for step in range(4):
        x = unit_rows(3, 2 * B, seed=step)
        mine = x.chunk(world_size, dim=1)[rank].flatten(0, 1).clone()
        mine.requires_grad_()
        module.zero_grad()
        loss = module(mine)
        loss.backward()
        grad = module.prototypes.weight.grad
        for tensor in (loss.detach(), grad):
            dist.all_reduce(tensor)
            tensor.div_(world_size)
        found.append((loss.detach(), grad.clone(), mine.grad / world_size))
    torch.save((found, module.state_dict()), f'{folder}/{rank}.pth')


def test_two_processes_are_one(tmp_path):
    """Loss, gradients and queue over the steps before and after it is full."""
    alone = SwAVLoss(**OPTIONS)
    torch.save(alone.state_dict(), tmp_path / 'start.pth')
    run_processes(process, 2, str(tmp_path))
    (first, state), (second, other) = (
        torch.load(tmp_path / f'{rank}.pth') for rank in range(2)
    )
    for step in range(4):
        x = unit_rows(3, 2 * B, seed=step).requires_grad_()
        alone.zero_grad()
        loss = alone(x.flatten(0, 1))
        loss.backward()
        for rank in (first, second):
            torch.testing.assert_close(rank[step][0], loss.detach())
            torch.testing.assert_close(
                rank[step][1], alone.prototypes.weight.grad
            )
        parts = [rank[step][2].view(3, B, DIM) for rank in (first, second)]
        torch.testing.assert_close(torch.cat(parts, dim=1), x.grad)
    assert alone.queue.full
    for key, value in alone.state_dict().items():
        torch.testing.assert_close(state[key], value)
        assert torch.equal(state[key], other[key])


def resumed_process(rank, folder):
    module = SwAVLoss(**OPTIONS)
    module.load_state_dict(torch.load(f'{folder}/start.pth'))
    x = unit_rows(3, 2 * B, seed=9).chunk(2, dim=1)[rank].flatten(0, 1)
    loss = module(x).detach()
    dist.all_reduce(loss)
    torch.save(loss / 2, f'{folder}/{rank}.pth')


def test_a_run_goes_on_with_more_processes(tmp_path):
    alone = SwAVLoss(**OPTIONS)
    for step in range(3):
        alone(unit_rows(3 * 2 * B, seed=step))
    assert alone.queue.full
    torch.save(alone.state_dict(), tmp_path / 'start.pth')
    run_processes(resumed_process, 2, str(tmp_path))
    expected = alone(unit_rows(3, 2 * B, seed=9).flatten(0, 1)).detach()
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pth')
        torch.testing.assert_close(found, expected)


def test_registered_beside_mmpretrains():
    module = MODELS.build(
        dict(
            type='mmpretrain.SwAVHead',
            loss=dict(type='hirl_mm.SwAVLoss', feat_dim=DIM, num_crops=[2]),
        )
    )
    assert isinstance(module.loss_module, SwAVLoss)
    assert module.state_dict().keys() == {'loss_module.prototypes.weight'}
    assert module.loss_module.prototypes.weight.shape == (3000, DIM)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (
            dict(num_crops=(1,)),
            r'must be positive and at least 2.*got \(1,\)',
        ),
        (dict(num_crops=(2, 0)), r'num_crops must be positive .*got \(2, 0\)'),
        (dict(crops_for_assign=(0, 8)), r'below 8, .*got \(0, 8\)'),
        (dict(crops_for_assign=(-1,)), r'crops_for_assign must be .*\(-1,\)'),
        (dict(crops_for_assign=()), r'crops_for_assign must be .*got \(\)'),
        (dict(crops_for_assign=(1, 1)), r'must be different .*got \(1, 1\)'),
        (dict(queue_length=-1), 'queue_length and .* at least 0, got -1'),
        (dict(queue_start_epoch=-2), 'at least 0, got 0 and -2'),
        (dict(epsilon=0.0), 'epsilon must be positive, got 0.0'),
        (dict(temperature=-1), 'temperature must be positive, got -1'),
        (dict(num_iters=0), 'num_iters must be positive, got 0'),
        (dict(num_prototypes=0), 'num_prototypes must be positive, got 0'),
    ],
)
def test_arguments_out_of_range(wrong, message):
    with pytest.raises(ValueError, match=message):
        loss_of(**wrong)


def test_embeddings_that_do_not_fit():
    module = loss_of(num_crops=(2, 1))
    with pytest.raises(ValueError, match='8 embeddings .*3 crops.*num_crops'):
        module(unit_rows(8))
    with pytest.raises(ValueError, match='feat_dim=6, .* use feat_dim=7'):
        module(torch.ones(9, 7))


@pytest.mark.parametrize(
    ('length', 'message'),
    [
        (10, 'queue_length=10 must .* global batch of 4 .*=8 or 12'),
        (3, 'queue_length=3 must be a multiple .*use queue_length=4'),
    ],
)
def test_queue_that_does_not_fit_the_batch(length, message):
    """Said at the first step, whenever the queue starts."""
    module = queue_loss(length, queue_start_epoch=15)
    with pytest.raises(ValueError, match=message):
        module(unit_rows(3 * B))
