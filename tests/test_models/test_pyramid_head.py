"""Losses, assignments and queues of SS-PRL on all scales."""

import copy
import math

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmengine.logging import MessageHub

from hirl_mm.models.heads import PyramidHead, SwAVLoss
from hirl_mm.models.modules import prototype_uses
from tests.oracles.ssprl import naive_pyramid
from tests.processes import run_processes

DIM, B = 6, 4
NUMS, PATCHES, CROPS = (5, 4, 3), (2, 3), (2, 1)
WEIGHTS = (1.0, 0.25, 0.5)
PAPER = dict(reduction='paper', g_input='prob', cross_pairs='matched')


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    set_epoch(0)


def set_epoch(epoch):
    MessageHub.get_current_instance().update_info('epoch', epoch)


def head_of(**options):
    defaults = dict(
        num_prototypes=NUMS,
        num_patches=PATCHES,
        num_crops=CROPS,
        weights=WEIGHTS,
    )
    return PyramidHead(DIM, **(defaults | options))


def views_of(batch=B, seed=0, crops=CROPS, patches=PATCHES):
    """Of every scale (V or 2, M, B, D), rows of unit length."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(sum(crops), 1), *((2, num) for num in patches)]
    return [
        F.normalize(torch.randn(*s, batch, DIM, generator=generator), dim=-1)
        for s in shapes
    ]


def rows(views):
    """As the neck gives them: patches behind each other, images inside."""
    return [of_scale.flatten(0, 2) for of_scale in views]


def weights_of(head):
    return (
        [layer.weight for layer in head.prototypes],
        [layer.weight for layer in head.correlations],
    )


@pytest.mark.parametrize(
    ('options', 'form'), [({}, 'official'), (PAPER, 'paper')]
)
def test_values_and_gradients_of_the_naive_formula(options, form):
    head = head_of(cross_weight=0.7, **options)
    head.normalize()
    views = [v.requires_grad_() for v in views_of()]
    exact = [v.detach().double().requires_grad_() for v in views]
    exact_weights = [
        [w.detach().double().requires_grad_() for w in kind]
        for kind in weights_of(head)
    ]
    expected = naive_pyramid(
        exact, *exact_weights, WEIGHTS, form=form, cross_weight=0.7
    )
    sum(expected).backward()

    found = head.loss(rows(views))
    assert list(found) == ['loss_pyramid', 'loss_cross_scale']
    for value, right in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(value.double(), right, atol=1e-5, rtol=0)
    sum(found.values()).backward()
    for ours, theirs in zip(views, exact, strict=True):
        torch.testing.assert_close(
            ours.grad.double(), theirs.grad, atol=1e-6, rtol=1e-4
        )
    for kind, right in zip(weights_of(head), exact_weights, strict=True):
        for ours, theirs in zip(kind, right, strict=True):
            # The naive formula divides by the length inside.
            unit = ours.detach().double()
            grad = ours.grad.double()
            grad = grad - (grad * unit).sum(1, keepdim=True) * unit
            torch.testing.assert_close(grad, theirs.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    ('options', 'expected'),
    [({}, 11.0609913590), (dict(reduction='paper'), 22.1219827181)],
)
def test_value_of_even_assignments_and_predictions(options, expected):
    """Prototypes of one direction: oracle 4 of SS-PRL."""
    head = head_of(
        num_prototypes=(300, 150, 150),
        num_patches=(4, 9),
        num_crops=(2, 6),
        weights=(1.0, 0.25, 0.25),
        **options,
    )
    with torch.no_grad():
        for layer in (*head.prototypes, *head.correlations):
            layer.weight.fill_(1)
    views = views_of(crops=(2, 6), patches=(4, 9))
    found = sum(head.loss(rows(views)).values()).item()
    assert found == pytest.approx(expected, rel=1e-6)
    parts = math.log(300) + 0.5 * math.log(150) + 0.5 * math.log(300)
    assert found == pytest.approx(parts * (2 if options else 1), rel=1e-6)


@pytest.mark.parametrize(
    'options',
    [
        dict(num_prototypes=NUMS[:1], num_patches=(), weights=(1.0,)),
        dict(weights=(1.0, 0.0, 0.0)),
    ],
)
def test_without_patches_it_is_swav(options):
    head = head_of(cross_weight=0.0, **options)
    swav = SwAVLoss(DIM, num_prototypes=NUMS[0], num_crops=CROPS)
    swav.prototypes = copy.deepcopy(head.prototypes[0])
    views = [v.requires_grad_() for v in views_of()][: head.num_scales]
    (found,) = head.loss(rows(views)).values()
    found.backward()
    crops = views_of()[0].requires_grad_()
    expected = swav(crops.flatten(0, 2))
    expected.backward()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(views[0].grad, crops.grad)
    torch.testing.assert_close(
        head.prototypes[0].weight.grad, swav.prototypes.weight.grad
    )


def test_where_gradients_of_the_cross_scale_loss_go():
    head = head_of(weights=(0.0, 1.0, 1.0))
    views = [v.requires_grad_() for v in views_of()]
    head.loss(rows(views))['loss_cross_scale'].backward()
    assert head.prototypes[0].weight.grad is None
    assert views[0].grad is None
    for layer in (*head.prototypes[1:], *head.correlations):
        assert layer.weight.grad.abs().min(1).values.max() > 0
    assert all(v.grad.abs().sum() > 0 for v in views[1:])


def test_rows_have_unit_length_in_every_step():
    head = head_of()
    with torch.no_grad():
        for layer in (*head.prototypes, *head.correlations):
            layer.weight.mul_(7)
    expected = [
        F.normalize(w.detach(), dim=1) for ws in weights_of(head) for w in ws
    ]
    head.loss(rows(views_of()))
    found = [w.detach() for ws in weights_of(head) for w in ws]
    for ours, right in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, right)


def test_order_of_patches_and_images_does_not_matter():
    head = head_of()
    expected = head.loss(rows(views_of()))
    views = views_of()
    order = torch.tensor([2, 0, 3, 1])
    views = [v[:, :, order] for v in views]
    views = [views[0], *(v.flip(1) for v in views[1:])]
    torch.testing.assert_close(head.loss(rows(views)), expected)
    # But only of both groups at once.
    views[1][0] = views[1][0].flip(0)
    other = head.loss(rows(views))
    gap = other['loss_pyramid'] - expected['loss_pyramid']
    assert abs(gap.item()) > 1e-4
    torch.testing.assert_close(
        other['loss_cross_scale'], expected['loss_cross_scale']
    )


def test_computed_in_float32_under_autocast():
    head, views = head_of(), rows(views_of())
    expected = head.loss(views)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = head.loss(views)
        half = head.loss([v.bfloat16() for v in views])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert {v.dtype for v in half.values()} == {torch.float32}


def test_shared_prototypes():
    options = dict(num_prototypes=(5, 5, 5), cross_weight=0.0)
    shared = head_of(shared_prototypes=True, **options)
    assert len(shared.prototypes) == 1
    apart = head_of(**options)
    for layer in apart.prototypes:
        layer.load_state_dict(shared.prototypes[0].state_dict())
    views = rows(views_of())
    first, second = shared.loss(views), apart.loss(views)
    torch.testing.assert_close(first, second)
    first['loss_pyramid'].backward()
    second['loss_pyramid'].backward()
    torch.testing.assert_close(
        shared.prototypes[0].weight.grad,
        sum(layer.weight.grad for layer in apart.prototypes),
    )


LENGTHS = (2 * B, 3 * B, 4 * B)  # 2, 1.5 and 1.3 batches of rows


def queued(**options):
    options = dict(queue_lengths=LENGTHS, queue_start_epoch=0) | options
    return head_of(**options)


def images_first(of_scale):
    """Of both groups, the rows (M * B, D) as a queue stores them."""
    return of_scale[:2].transpose(1, 2).flatten(1, 2).double()


def test_queues_fill_each_at_its_pace():
    """Every queue is used once it is full, whatever the others do."""
    head = queued()
    stored = [torch.zeros(2, 0, DIM).double() for _ in NUMS]
    for step in range(5):
        views = views_of(seed=step)
        earlier = [
            rows_[:, :length] if rows_.size(1) >= length else None
            for rows_, length in zip(stored, LENGTHS, strict=True)
        ]
        assert [e is not None for e in earlier] == [step > 1] * 3
        found = head.loss(rows(views))
        head.normalize()
        expected = naive_pyramid(
            [v.double() for v in views],
            *(
                [w.detach().double() for w in kind]
                for kind in weights_of(head)
            ),
            WEIGHTS,
            earlier=earlier,
        )
        for value, right in zip(found.values(), expected, strict=True):
            torch.testing.assert_close(
                value.double(), right, atol=1e-5, rtol=0
            )
        stored = [
            torch.cat((images_first(v), rows_), 1)
            for v, rows_ in zip(views, stored, strict=True)
        ]
    for queue, rows_, length in zip(head.queues, stored, LENGTHS, strict=True):
        torch.testing.assert_close(queue.rows.double(), rows_[:, :length])


def test_queues_of_different_pace():
    head = queued(queue_lengths=(B, 3 * B, 0))
    alone = head_of()
    alone.load_state_dict(head.state_dict(), strict=False)
    differs = []
    for step in range(3):
        views = rows(views_of(seed=step))
        ours, theirs = head.loss(views), alone.loss(views)
        differs.append(
            [not torch.equal(ours[key], theirs[key]) for key in theirs]
        )
        assert [head.queues[s].full for s in range(2)] == [True, step > 0]
    # Scale 0 changes both losses from the second step on.
    assert differs == [[False, False], [True, True], [True, True]]


def test_queues_wait_for_their_epoch():
    head = queued(queue_start_epoch=2)
    for epoch in (0, 1, 2):
        set_epoch(epoch)
        head.loss(rows(views_of()))
        filled = [bool(queue.rows.any()) for queue in head.queues]
        assert filled == [epoch == 2] * 3


@pytest.mark.parametrize('steps', [1, 3])
def test_queues_go_on_from_a_checkpoint(steps):
    head = queued()
    for step in range(steps):
        head.loss(rows(views_of(seed=step)))
    again = queued()
    again.load_state_dict(copy.deepcopy(head.state_dict()))
    for step in range(steps, steps + 3):
        views = rows(views_of(seed=step))
        torch.testing.assert_close(
            again.loss(views), head.loss(views), atol=0, rtol=0
        )


def process(rank, folder, steps):
    """Steps with half of every batch, gradients averaged."""
    head = queued()
    head.load_state_dict(torch.load(f'{folder}/start.pth'))
    world_size = dist.get_world_size()
    found = []
    for step in steps:
        mine = [
            v.chunk(world_size, dim=2)[rank].contiguous()
            for v in views_of(2 * B, seed=step)
        ]
        head.zero_grad()
        losses = head.loss(rows(mine))
        sum(losses.values()).backward()
        values = [v.detach() for v in losses.values()]
        values += [w.grad for kind in weights_of(head) for w in kind]
        for value in values:
            dist.all_reduce(value)
            value.div_(world_size)
        found.append([value.clone() for value in values])
    torch.save((found, head.state_dict()), f'{folder}/{rank}.pth')


def test_two_processes_are_one_also_after_a_resume(tmp_path):
    """Losses, gradients and queues, of full and of filling queues.

    Two processes go on where one has stopped.
    """
    options = dict(queue_lengths=tuple(2 * n for n in LENGTHS))
    alone = queued(**options)
    alone.loss(rows(views_of(2 * B, seed=9)))
    torch.save(alone.state_dict(), tmp_path / 'start.pth')
    run_processes(process_twice_as_long, 2, str(tmp_path), range(4))
    ranks = [torch.load(tmp_path / f'{rank}.pth') for rank in range(2)]
    for step in range(4):
        alone.zero_grad()
        losses = alone.loss(rows(views_of(2 * B, seed=step)))
        sum(losses.values()).backward()
        expected = [v.detach() for v in losses.values()]
        expected += [w.grad for kind in weights_of(alone) for w in kind]
        for found, _ in ranks:
            torch.testing.assert_close(
                found[step], expected, atol=1e-6, rtol=1e-5
            )
    assert all(queue.full for queue in alone.queues)
    for _, state in ranks:
        torch.testing.assert_close(dict(state), dict(alone.state_dict()))


def process_twice_as_long(rank, folder, steps):
    global LENGTHS
    LENGTHS = tuple(2 * n for n in LENGTHS)
    process(rank, folder, steps)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(num_patches=(4,)), r'num_patches=\(4,\) needs 2 entries'),
        (dict(weights=(1.0, 0.25)), r'weights=\(1.0, 0.25\) needs 3 entries'),
        (dict(queue_lengths=(8,)), r'queue_lengths=\(8,\) needs 3 entries'),
        (
            dict(num_prototypes=(5, 4, 1)),
            r'at least 2 prototypes.*\(5, 4, 1\)',
        ),
        (dict(num_prototypes=(5, 0, 3)), r'leave a scale out'),
        (dict(num_crops=(1,)), r'at least 2 in total.*\(1,\)'),
        (dict(num_patches=(4, 0)), r'num_patches must be at least 1'),
        (dict(weights=(1.0, -0.25, 0.1)), 'weights and queue_lengths must be'),
        (dict(queue_lengths=(8, -8, 8)), 'weights and queue_lengths must be'),
        (dict(shared_prototypes=True), 'shared_prototypes needs the same'),
        (dict(epsilon=0.0), 'epsilon must be positive, got 0.0'),
        (dict(temperature=-0.1), 'temperature must be positive, got -0.1'),
        (dict(reduction='sum'), "reduction must be one of .*'sum'"),
        (dict(g_input='scores'), "g_input must be one of .*'scores'"),
        (dict(cross_pairs='none'), "cross_pairs must be one of .*'none'"),
    ],
)
def test_arguments_out_of_range(wrong, message):
    with pytest.raises(ValueError, match=message):
        head_of(**wrong)


@pytest.mark.parametrize(
    ('lengths', 'message'),
    [
        ((B + 1, 0, 0), f'queue_length={B + 1} must be a multiple'),
        ((0, 0, 2 * B), f'3 patches of {B} images: use queue_length={3 * B}'),
    ],
)
def test_queues_that_do_not_fit_the_batch(lengths, message):
    with pytest.raises(ValueError, match=message):
        queued(queue_lengths=lengths).loss(rows(views_of()))


def test_images_of_every_scale_count_at_their_prototypes():
    head = head_of()
    head.loss(rows(views_of()))
    uses = prototype_uses(torch.nn.ModuleDict(dict(head=head)))
    assert list(uses) == [f'head.{scale}' for scale in range(len(NUMS))]
    num_rows = [2 * B * num for num in (1, *PATCHES)]
    assert [int(use.counts.sum()) for use in uses.values()] == num_rows
    assert [len(use.counts) for use in uses.values()] == list(NUMS)
