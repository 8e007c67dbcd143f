"""SS-PRL: which view meets which prototypes, in which batch."""

import copy
from functools import partial

import pytest
import torch
from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm

from hirl_mm.models import HIRLSSPRL
from tests.algorithms import PYRAMIDS, build
from tests.oracles.ssprl import naive_pyramid
from tests.samples import IDX, samples
from tests.two_processes import (
    Case,
    assert_same_training,
    train,
    train_in_two,
)

SIZES = [*(32, 32, 16), *(24,) * 8, *(20,) * 18]
HEAD = PYRAMIDS['SSPRL']['head']


def views_of(batch=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, 3, size, size, generator=generator)
        for size in SIZES
    ]


def model_of(hirl=False, running=False, **options):
    """With ``running``, no image sees another in batch normalisation."""
    torch.manual_seed(0)
    model = build('SSPRL', hirl, **options)
    for module in model.modules():
        if running and isinstance(module, _BatchNorm):
            module.eval()
    return model


def embeddings(model, views, scale):
    """Of views (B, 3, H, W) one by one, (V, B, D)."""
    return torch.stack(
        [model.neck.scales[scale]([model.backbone(view)]) for view in views]
    )


def test_losses_of_the_naive_formula_view_by_view():
    model = model_of(running=True)
    views = views_of()
    found = model.loss(views, samples(IDX[:4]))
    of_scales = [
        embeddings(model, views[:3], 0)[:, None],
        embeddings(model, views[3:11], 1).unflatten(0, (2, 4)),
        embeddings(model, views[11:], 2).unflatten(0, (2, 9)),
    ]
    expected = naive_pyramid(
        [v.detach().double() for v in of_scales],
        [p.weight.detach().double() for p in model.head.prototypes],
        [g.weight.detach().double() for g in model.head.correlations],
        (1.0, 0.25, 0.25),
        epsilon=HEAD['epsilon'],
    )
    for value, right in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(value.double(), right, atol=1e-4, rtol=0)


def test_a_patch_in_the_wrong_group_or_scale_is_seen():
    model = model_of(running=True)
    views = views_of()
    right = sum(model.loss(views, samples(IDX[:4])).values())
    for one, other in ((3, 4), (11, 12), (0, 2)):
        wrong = list(views)
        wrong[one], wrong[other] = wrong[other], wrong[one]
        if SIZES[one] == SIZES[other]:
            found = sum(model.loss(wrong, samples(IDX[:4])).values())
            assert abs(found - right) > 1e-4


def test_views_of_one_size_and_scale_are_one_batch():
    model = model_of()
    model.loss(views_of(), samples(IDX[:4]))
    assert model.backbone.bn1.num_batches_tracked == 4
    for projection in model.neck.scales:
        assert projection.norm.num_batches_tracked == 1


def test_every_part_learns():
    model = model_of()
    sum(model.loss(views_of(), samples(IDX[:4])).values()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_one_scale():
    head = dict(HEAD, num_prototypes=(12,), num_patches=(), weights=(1.0,))
    neck = dict(PYRAMIDS['SSPRL']['neck'], num_scales=1)
    model = model_of(head=head, neck=neck)
    (name,) = model.loss(views_of()[:3], samples(IDX[:4]))
    assert name == 'loss_pyramid'


def test_other_numbers_of_views_and_scales():
    with pytest.raises(ValueError, match='29 views of an image .* makes 28'):
        model_of().loss(views_of()[:-1], samples(IDX[:4]))
    with pytest.raises(ValueError, match='num_scales=2, but the head .* 3'):
        model_of(neck=dict(PYRAMIDS['SSPRL']['neck'], num_scales=2))


def case_model(**options):
    return model_of(running=True, **options)


def batches():
    return [(views_of(8, seed), samples(IDX)) for seed in range(4)]


QUEUES = dict(HEAD, queue_lengths=(16, 40, 80), queue_start_epoch=0)
CASES = dict(
    plain=Case(case_model, batches),
    queues=Case(partial(case_model, head=QUEUES), batches),
)


@pytest.mark.slow
def test_two_processes_train_like_one(tmp_path):
    in_two = train_in_two(CASES, tmp_path)
    for name, case in CASES.items():
        alone = train(case)
        totals = [sum(parts.values()) for parts in alone['losses']]
        assert max(totals) - min(totals) > 1e-3
        assert_same_training(alone, in_two[name], rtol=1e-3, atol=1e-5)
    assert all(queue.rows.any() for queue in _queues(alone))


def _queues(alone):
    model = case_model(head=QUEUES)
    model.load_state_dict(alone['state'])
    return model.head.queues


def test_copies_and_pickles():
    model = model_of()
    again = copy.deepcopy(model)
    views = views_of()
    torch.testing.assert_close(
        again.loss(views, samples(IDX[:4])),
        model.loss(views, samples(IDX[:4])),
        atol=0,
        rtol=0,
    )
    assert issubclass(HIRLSSPRL, type(model))
