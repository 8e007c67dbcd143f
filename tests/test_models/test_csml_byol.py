"""Steps of CsMl on BYOL, against the formulas written out."""

import copy
import math

import pytest
import torch

from hirl_mm.models import PairCutMix
from tests.algorithms import MAX_ITERS, build
from tests.samples import samples
from tests.test_models.test_csml import ANCHORS, QuarterCut, average, views_of


def model_of(**options):
    torch.manual_seed(0)
    model = build('CsMlBYOL', **options).double()
    if model.mix is not None:
        model.mix = QuarterCut()
    return model


def distance(prediction, target):
    """-2 cos, one row at a time."""
    rows = [
        -2 * (p * t).sum() / p.norm() / t.norm()
        for p, t in zip(prediction, target.detach(), strict=True)
    ]
    return sum(rows) / len(rows)


def one_way(model, target_net, online, target):
    """Eq. 2, 4 and 5 with distances, from one view to the other."""

    def predict(images):
        return model.head.predictor([model.neck(model.backbone(images))[0]])[0]

    with torch.no_grad():
        a, p = (target_net(target[i::2])[0] for i in range(2))
    x_a, x_p = online[0::2], online[1::2]
    mixed, _ = QuarterCut()(x_a, x_p)
    terms = [
        share * distance(predict(x), a) + (1 - share) * distance(predict(x), p)
        for x, share in ((x_a, 0.5), (x_p, 0.5), (mixed, QuarterCut.share))
    ]
    return sum(terms)


def test_loss_and_gradient_are_those_of_the_formulas():
    model, other = model_of(), model_of()
    views = views_of()
    target = copy.deepcopy(other.target_net.module)
    expected = one_way(other, target, *views)
    expected = expected + one_way(other, target, *views[::-1])
    found = model.loss(views, [])
    assert list(found) == ['loss']
    torch.testing.assert_close(found['loss'], expected)
    found['loss'].backward()
    expected.backward()
    for (name, one), two in zip(
        model.named_parameters(), other.parameters(), strict=True
    ):
        if name.startswith('target_net'):
            assert one.grad is None
        else:
            torch.testing.assert_close(one.grad, two.grad, msg=name)


def test_targets_come_from_the_moving_average():
    model, views = model_of(), views_of()
    model.loss(views, [])
    with torch.no_grad():
        for parameter in model.backbone.parameters():
            parameter += 0.01
    old = model.target_net.module
    # The weight of the new network after one step of a cosine to 0.
    weight = 0.5 * (1 + math.cos(math.pi / MAX_ITERS)) / 2
    target = torch.nn.Sequential(
        average(old[0], model.backbone, weight),
        average(old[1], model.neck, weight),
    )
    other = copy.deepcopy(model)
    expected = one_way(other, target, *views)
    expected += one_way(other, target, *views[::-1])
    found = model.loss(views, [])['loss']
    torch.testing.assert_close(found, expected)


def test_views_can_be_swapped():
    views = views_of()
    one = model_of().loss(views, [])['loss']
    other = model_of().loss(views[::-1], [])['loss']
    torch.testing.assert_close(one, other)


def test_without_mix_and_with_own_positives_it_is_byol_twice():
    model = model_of(mix=None)
    byol = build('BYOL').double()
    byol.load_state_dict(model.state_dict())
    views = [view.repeat_interleave(2, 0) for view in views_of(group_size=1)]
    plain = byol.loss([view[0::2] for view in views], [])['loss']
    found = model.loss(views, [])['loss']
    torch.testing.assert_close(found, 2 * plain)


def test_two_positives_per_anchor():
    model = model_of(num_positives=2, mix=None)
    views = views_of(group_size=3)
    loss = model.loss(views, samples(range(ANCHORS)))['loss']
    assert -24 <= loss <= 24
    # Every image as its own two positives: three terms of BYOL.
    byol = build('BYOL').double()
    model = model_of(num_positives=2, mix=None)
    byol.load_state_dict(model.state_dict())
    views = [view.repeat_interleave(3, 0) for view in views_of(group_size=1)]
    plain = byol.loss([view[0::3] for view in views], [])['loss']
    found = model.loss(views, [])['loss']
    torch.testing.assert_close(found, 3 * plain)


def test_default_mix_is_that_of_the_config():
    assert isinstance(build('CsMlBYOL').mix, PairCutMix)
    with pytest.raises(ValueError, match='got 0'):
        build('CsMlBYOL', num_positives=0)
