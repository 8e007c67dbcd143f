"""The methods' own losses against their papers' formulas in float64.

MMPreTrain computes them. What HIRL adds is compared with them, so both arms
of a comparison stand on them.
"""

import copy

import pytest
import torch
from torch import nn

from tests.algorithms import MAX_ITERS, build, step_samples
from tests.oracles import baselines
from tests.samples import IDX

TEMPERATURE = 0.2
# Of the new value; not one half, which would not tell it from the rest.
NEW = 0.3


def narrow(name, **options):
    torch.manual_seed(0)
    model = build(name, **options).double()
    if model.target_generator is not None:
        # Casts its inputs, not its weights.
        model.target_generator.float()
    return model


def twin(name, model, **options):
    """A model with the same weights, for the oracle's own graph."""
    other = narrow(name, **options)
    other.load_state_dict(model.state_dict())
    return other


def two_views(seed):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(8, 3, 32, 32, generator=generator).double()
        for _ in range(2)
    ]


def projection(model, images):
    return model.neck(model.backbone(images))[0]


def prediction(model, images):
    return model.head.predictor([projection(model, images)])[0]


def online(model):
    return nn.Sequential(model.backbone, model.neck)


def gradients(model):
    return {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def assert_matches(name, model, views, oracle, expected):
    """Loss and gradients of a step; the gradients stay in the model."""
    model.zero_grad()
    loss = model.loss(views, step_samples(name, IDX))['loss']
    loss.backward()
    expected.backward()
    torch.testing.assert_close(loss, expected)
    found, wanted = gradients(model), gradients(oracle)
    assert any(gradient.abs().max() > 1e-3 for gradient in wanted.values())
    torch.testing.assert_close(found, wanted)


@torch.no_grad()
def descend(model):
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter -= 0.5 * parameter.grad


@torch.no_grad()
def average_with(average, model, kept):
    """The oracle's average after a step; it keeps ``kept`` of itself."""
    for mine, new in zip(
        average.parameters(), online(model).parameters(), strict=True
    ):
        mine.copy_(kept * mine + (1 - kept) * new)


def assert_same_weights(average, expected):
    for found, wanted in zip(
        average.parameters(), expected.parameters(), strict=True
    ):
        torch.testing.assert_close(found, wanted)
        assert found.grad is None


def test_moco_over_more_steps_than_the_queue_holds():
    model = narrow('MoCo', momentum=NEW)
    average = copy.deepcopy(online(model))
    queue = list(model.queue.T.clone())
    for step in range(5):
        oracle = twin('MoCo', model, momentum=NEW)
        views = two_views(step)
        average_with(average, model, kept=1 - NEW)
        with torch.no_grad():
            keys = average(views[1])[0]
        expected = baselines.moco(
            projection(oracle, views[0]), keys, queue, TEMPERATURE
        )
        assert_matches('MoCo', model, views, oracle, expected)
        assert_same_weights(model.encoder_k, average)
        start = 8 * step % 24
        queue[start : start + 8] = [baselines.unit(key) for key in keys]
        torch.testing.assert_close(model.queue.T, torch.stack(queue))
        assert model.queue_ptr.item() == 8 * (step + 1) % 24
        assert not model.queue.requires_grad
        descend(model)
    assert step > 24 // 8


def test_moco_v3_over_steps():
    model = narrow('MoCoV3', base_momentum=NEW)
    average = copy.deepcopy(online(model))
    for step in range(4):
        oracle = twin('MoCoV3', model, base_momentum=NEW)
        views = two_views(step)
        kept = baselines.cosine_momentum(1 - NEW, step, MAX_ITERS)
        average_with(average, model, kept)
        with torch.no_grad():
            keys = [average(view)[0] for view in views]
        predictions = [prediction(oracle, view) for view in views]
        expected = baselines.moco_v3(predictions, keys, TEMPERATURE)
        assert_matches('MoCoV3', model, views, oracle, expected)
        assert_same_weights(model.momentum_encoder, average)
        descend(model)


def test_simsiam():
    model = narrow('SimSiam')
    oracle = twin('SimSiam', model)
    views = two_views(0)
    targets = [projection(oracle, view).detach() for view in views]
    predictions = [prediction(oracle, view) for view in views]
    expected = baselines.simsiam(predictions, targets)
    assert_matches('SimSiam', model, views, oracle, expected)


def test_stopped_gradient_of_simsiam_matters():
    """With a gradient into the targets the test above would fail."""
    model = narrow('SimSiam')
    oracle = twin('SimSiam', model)
    views = two_views(0)
    expected = baselines.simsiam(
        [prediction(oracle, view) for view in views],
        [projection(oracle, view) for view in views],
    )
    with pytest.raises(AssertionError, match='not close'):
        assert_matches('SimSiam', model, views, oracle, expected)


def test_beit():
    model = narrow('BEiT')
    oracle = twin('BEiT', model)
    views = two_views(0)
    # a colour for every patch, so that tokens differ
    colours = 3 * torch.randn(8, 3, 4, 4).double()
    views[1] += colours.repeat_interleave(8, 2).repeat_interleave(8, 3)
    mask = torch.stack([s.mask for s in step_samples('BEiT', IDX)])
    assert mask.sum() == 8 * 5
    tokens = model.target_generator(views[1]).max(dim=1).indices
    assert len(tokens.unique()) > 5
    patches = oracle.backbone(views[0], mask)[0][:, 1:].reshape(8, 4, 4, -1)
    layer = oracle.head.cls_head
    logits = patches @ layer.weight.T + layer.bias
    expected = baselines.beit(logits, tokens, mask)
    assert_matches('BEiT', model, views, oracle, expected)
    assert all(p.grad is None for p in model.target_generator.parameters())


def test_beit_sees_nothing_of_masked_patches():
    model = narrow('BEiT')
    data_samples = step_samples('BEiT', IDX)
    views = two_views(0)
    mask = torch.stack([sample.mask for sample in data_samples])
    pixels = mask.repeat_interleave(8, 1).repeat_interleave(8, 2)[:, None]
    losses = []
    for changed in (torch.zeros_like(pixels), pixels, 1 - pixels):
        image = views[0] + changed * torch.randn(8, 3, 32, 32).double()
        losses.append(model.loss([image, views[1]], data_samples)['loss'])
    untouched, masked, visible = losses
    torch.testing.assert_close(masked, untouched)
    assert abs(visible - untouched) > 1e-3


def test_beit_by_hand():
    """Features that spell the tokens row by row, in a batch of one."""
    head = narrow('BEiT').head
    tokens = torch.arange(16) % 12
    with torch.no_grad():
        head.cls_head.weight.copy_(20 * torch.eye(12, 16))
        head.cls_head.bias.zero_()
    patches = torch.eye(16)[tokens]
    features = torch.cat([torch.zeros(1, 16), patches])[None].double()
    of_tokenizer = torch.eye(12)[tokens].T.reshape(1, 12, 4, 4)
    mask = torch.ones(1, 4, 4)
    assert head.loss(features, of_tokenizer, mask) < 1e-7
    transposed = of_tokenizer.transpose(2, 3)
    # the four of the diagonal stay
    loss = head.loss(features, transposed, mask)
    assert loss.item() == pytest.approx(20 * 12 / 16)
    diagonal = torch.eye(4)[None]
    assert head.loss(features, transposed, diagonal) < 1e-7
