import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.models import NonLinearNeck
from torch import nn

from hirl_mm.heads import PathProjections, ProjectionMLP
from hirl_mm.models import SPDHead


def neck(num_layers, dim=8, norm='BN1d'):
    """The projection that MMPreTrain builds for the same numbers."""
    return NonLinearNeck(
        in_channels=dim,
        hid_channels=dim,
        out_channels=dim,
        num_layers=num_layers,
        with_last_bn=False,
        with_last_bias=True,
        with_avg_pool=False,
        norm_cfg=dict(type=norm),
    )


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.mark.parametrize('num_layers', [2, 5])
def test_equals_the_neck_of_mmpretrain_to_the_bit(num_layers):
    """Same draws, keys in the same order, outputs and gradients."""
    torch.manual_seed(1)
    theirs = nn.ModuleList(neck(num_layers) for _ in range(3))
    after = torch.get_rng_state()
    torch.manual_seed(1)
    ours = PathProjections(8, num_layers=num_layers)
    assert torch.equal(torch.get_rng_state(), after)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for mine, other in zip(
        ours.state_dict().values(), theirs.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, other)
    z0 = torch.randn(6, 8)
    found = ours(z0)
    expected = [project((z0,))[0] for project in theirs]
    assert all(map(torch.equal, found, expected))
    sum(z.square().sum() for z in found).backward()
    sum(z.square().sum() for z in expected).backward()
    for (name, mine), other in zip(
        ours.named_parameters(), theirs.parameters(), strict=True
    ):
        assert torch.equal(mine.grad, other.grad), name


@pytest.mark.parametrize('num_layers', [2, 5])
def test_state_dicts_are_exchanged_with_mmpretrain(num_layers):
    ours, theirs = ProjectionMLP(8, 8, 8, num_layers), neck(num_layers)
    z0 = torch.randn(4, 8)
    fresh = copy.deepcopy(ours)
    fresh.load_state_dict(theirs.state_dict())
    theirs.eval(), fresh.eval()
    assert torch.equal(fresh(z0), theirs((z0,))[0])
    theirs.load_state_dict(ours.state_dict())
    assert torch.equal(ours.eval()(z0), theirs((z0,))[0])


def test_keys_of_the_spd_head_are_those_of_checkpoints():
    keys = list(SPDHead(in_channels=4, num_levels=2).state_dict())
    assert keys[:8] == [
        'projections.0.fc0.weight',
        *(
            f'projections.0.bn0.{name}'
            for name in (
                *('weight', 'bias', 'running_mean', 'running_var'),
                'num_batches_tracked',
            )
        ),
        'projections.0.fc1.weight',
        'projections.0.fc1.bias',
    ]
    assert keys[8:] == [key.replace('s.0.', 's.1.') for key in keys[:8]]


def test_norm_of_the_hidden_layers_is_a_choice():
    head = SPDHead(in_channels=4, norm_cfg=dict(type='SyncBN'), num_layers=3)
    for mlp in head.projections:
        assert isinstance(mlp.bn1, nn.SyncBatchNorm)
    made = []

    def layer_norm(channels):
        made.append(channels)
        return nn.LayerNorm(channels)

    mlp = ProjectionMLP(3, 5, 7, num_layers=4, norm_layer=layer_norm)
    assert made == [5, 5, 5]
    assert mlp(torch.randn(2, 3)).shape == (2, 7)


@pytest.mark.parametrize('numbers', [dict(num_levels=0), dict(num_layers=1)])
def test_numbers_that_are_too_small(numbers):
    with pytest.raises(ValueError, match='num_levels .* num_layers .* got'):
        PathProjections(4, **numbers)
    with pytest.raises(ValueError, match='num_levels .* num_layers .* got'):
        SPDHead(in_channels=4, **numbers)
