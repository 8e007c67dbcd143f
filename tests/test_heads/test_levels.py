"""Projector and predictors of HCCL."""

import pytest
import torch
from torch import nn

from hirl_mm.heads import LevelPredictors, LevelProjections
from tests.weightless import Weightless


def sizes(module):
    return sum(p.numel() for p in module.parameters())


def test_sizes_of_the_paper():
    """B, as counted from section 3.3: linear layers and their norms."""
    with Weightless():
        levels = LevelProjections(2048, 2048, 2048)
        predictors = LevelPredictors(2048, 512, [(0, 0), (1, 1)])
    assert [sizes(level) for level in levels] == [12_593_152] * 2
    assert [sizes(predictor) for predictor in predictors] == [2_100_224] * 2


@pytest.mark.parametrize(('num_levels', 'num_layers'), [(1, 2), (3, 3)])
def test_levels_are_one_chain(num_levels, num_layers):
    """A level is the linear output of the one below, as it is."""
    torch.manual_seed(0)
    project = LevelProjections(6, 8, 4, num_levels, num_layers)
    y = torch.randn(5, 6)
    levels = project(y)
    assert len(levels) == num_levels
    for level in range(num_levels):
        mlp = project[level]
        below = y if level == 0 else levels[level - 1]
        x = below
        for i in range(num_layers - 1):
            x = getattr(mlp, f'fc{i}')(x)
            mean, var = x.mean(0), x.var(0, correction=0)
            x = ((x - mean) / torch.sqrt(var + 1e-5)).clamp(min=0)
        last = getattr(mlp, f'fc{num_layers - 1}')
        expected = x @ last.weight.T + last.bias
        torch.testing.assert_close(
            levels[level], expected, rtol=1e-4, atol=1e-5
        )
    assert (levels[-1] < 0).any()


def test_every_layer_gets_a_gradient_from_the_top():
    project = LevelProjections(6, 8, 4, 2, 3)
    project(torch.randn(5, 6))[1].square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in project[0].parameters())


def test_a_projection_runs_once():
    project = LevelProjections(6, 8, 4, 3, 2)
    runs = []
    for level in project:
        level.register_forward_hook(lambda *_: runs.append(1))
    project(torch.randn(5, 6))
    assert len(runs) == 3


def test_who_reads_what():
    levels = torch.randn(2, 5, 8)
    shared = LevelPredictors(8, 4, [(0, 0), (0, 1)]).eval()
    assert len(shared) == 1
    found = shared(levels)
    for own, level in zip(found, levels, strict=True):
        torch.testing.assert_close(own, shared[0](level))
    several = LevelPredictors(8, 4, [(0, 0), (1, 0), (1, 1)]).eval()
    assert len(several) == 2
    expected = [several[0](levels[0]), *map(several[1], levels)]
    torch.testing.assert_close(several(levels), expected)


def test_normalisation_of_ones_own():
    def groups(channels):
        return nn.GroupNorm(2, channels)

    project = LevelProjections(6, 8, 4, norm_layer=groups)
    predict = LevelPredictors(4, 2, [(0, 0)], norm_layer=groups)
    kinds = {type(m) for m in (*project.modules(), *predict.modules())}
    assert nn.GroupNorm in kinds and nn.BatchNorm1d not in kinds


def test_wrong_sizes():
    with pytest.raises(ValueError, match='num_levels must be at least 1'):
        LevelProjections(6, 8, 4, num_levels=0)
    with pytest.raises(ValueError, match='num_layers must be at least 2'):
        LevelProjections(6, 8, 4, num_layers=1)


@pytest.mark.parametrize(
    ('reads', 'text'),
    [
        ([], 'numbered 0, 1, 2'),
        ([(1, 0)], r'without gaps, got \[\(1, 0\)\]'),
        ([(0, 0), (2, 1)], 'without gaps'),
        ([(0, 0), (0, 0)], 'different pairs'),
        ([(0,)], r'pairs \(predictor, level\)'),
    ],
)
def test_wrong_readers(reads, text):
    with pytest.raises(ValueError, match=text):
        LevelPredictors(8, 4, reads)
