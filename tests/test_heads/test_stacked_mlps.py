"""Projections of all levels at once equal those of one level at a time."""

import copy
import itertools

import pytest
import torch
from torch import nn

from hirl_mm.heads import PathProjections
from hirl_mm.heads.stacked_mlps import saves_launches, stacked_mlps
from tests.dispatched import Launches


def as_on_a_gpu(monkeypatch):
    """Triton's interpreter stands for a GPU, and so does the variable."""
    monkeypatch.setenv('TRITON_INTERPRET', '1')


def loop(mlps, x):
    return torch.stack([mlp(x) for mlp in mlps])


@pytest.mark.parametrize(
    ('num_levels', 'num_layers'), [(3, 2), (1, 2), (2, 5)]
)
def test_equals_the_loop(num_levels, num_layers):
    """Outputs, gradients and running statistics of two steps, in float64."""
    norm = dict(momentum=0.3, eps=1e-3)
    loops = PathProjections(
        6,
        num_levels,
        num_layers,
        lambda channels: nn.BatchNorm1d(channels, **norm),
    ).double()
    for module in loops.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    stacks = copy.deepcopy(loops)
    for _ in range(2):
        x = torch.randn(5, 6).double().requires_grad_()
        same = x.detach().clone().requires_grad_()
        expected, found = loop(loops, x), stacked_mlps(stacks, same)
        assert found.is_contiguous()
        weight = torch.randn_like(expected)
        (expected * weight).sum().backward()
        (found * weight).sum().backward()
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(same.grad, x.grad)
    for (name, mine), other in zip(
        stacks.named_parameters(), loops.parameters(), strict=True
    ):
        torch.testing.assert_close(mine.grad, other.grad, msg=name)
    assert list(stacks.state_dict()) == list(loops.state_dict())
    for name, value in stacks.state_dict().items():
        torch.testing.assert_close(value, loops.state_dict()[name], msg=name)


def test_half_precision_under_autocast():
    mlps = PathProjections(16)
    x = torch.randn(8, 16)
    with torch.autocast('cpu', torch.bfloat16):
        expected, found = loop(mlps, x), stacked_mlps(mlps, x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected, atol=3e-2, rtol=3e-2)


def test_a_single_sample_has_no_statistics():
    with pytest.raises(ValueError, match='more than 1 value per channel'):
        stacked_mlps(PathProjections(4), torch.randn(1, 4))


def test_chosen_on_a_gpu_alone(monkeypatch):
    mlps, x = PathProjections(8), torch.randn(4, 8)
    assert not saves_launches(mlps, x)
    with Launches() as separate:
        mlps(x)
    as_on_a_gpu(monkeypatch)
    assert saves_launches(mlps, x)
    with Launches() as together:
        mlps(x)
    assert 'aten.baddbmm.default' in together.seen
    assert len(together.seen) < len(separate.seen)


# 3 levels of 592 x 592 weights are more than 2^20, of 584 x 584 less.
@pytest.mark.parametrize(('dim', 'wanted'), [(584, True), (592, False)])
def test_copies_of_wide_layers_take_longer(monkeypatch, dim, wanted):
    as_on_a_gpu(monkeypatch)
    with torch.device('meta'):
        mlps, x = PathProjections(dim), torch.empty(4, dim)
    assert saves_launches(mlps, x) is wanted


def uneven():
    """A constructor of layers, each with another eps."""
    eps = itertools.count(1)
    return lambda channels: nn.BatchNorm1d(channels, eps=1e-5 * next(eps))


@pytest.mark.parametrize(
    'norm',
    [
        nn.SyncBatchNorm,
        nn.LayerNorm,
        lambda channels: nn.BatchNorm1d(channels, affine=False),
        lambda channels: nn.BatchNorm1d(channels, track_running_stats=False),
        lambda channels: nn.BatchNorm1d(channels, momentum=None),
        uneven(),
    ],
    ids=['SyncBN', 'LayerNorm', 'weights', 'statistics', 'momentum', 'eps'],
)
def test_other_normalisations_are_left_alone(monkeypatch, norm):
    as_on_a_gpu(monkeypatch)
    mlps = PathProjections(4, norm_layer=norm)
    assert not saves_launches(mlps, torch.randn(3, 4))


@pytest.mark.parametrize('change', ['evaluation', 'hook', 'parametrisation'])
def test_changed_layers_are_left_alone(monkeypatch, change):
    as_on_a_gpu(monkeypatch)
    mlps, x = PathProjections(4), torch.randn(3, 4)
    assert saves_launches(mlps, x)
    seen = []
    if change == 'evaluation':
        mlps.eval()
    elif change == 'hook':
        mlps[1].bn0.register_forward_hook(lambda *args: seen.append(args))
    else:
        nn.utils.parametrizations.weight_norm(mlps[0].fc1)
    assert not saves_launches(mlps, x)
    assert mlps(x).shape == (3, 3, 4)
    assert len(seen) == (change == 'hook')
