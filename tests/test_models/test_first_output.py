import copy

import pytest
import torch
from torch import nn

from hirl_mm.models.modules import FirstOutput


def network():
    return nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.Linear(3, 2)))


def test_first_of_two_calls():
    model = network()
    x, y = torch.randn(5, 4), torch.randn(6, 4)
    with FirstOutput(model, '1.0') as tap:
        first = model(x)
        model(y)
    assert tap.output is first or torch.equal(tap.output, first)
    assert torch.equal(tap.input, model[0](x))
    assert tap.output.requires_grad


def test_first_part_of_a_tuple():
    class Pair(nn.Module):
        def forward(self, x):
            return x + 1, x + 2

    model = nn.Sequential(Pair())
    with FirstOutput(model, '0') as tap:
        model(torch.zeros(2))
    assert torch.equal(tap.output, torch.ones(2))


def test_input_is_the_very_object():
    model, x = network(), torch.zeros(2, 4)
    with FirstOutput(model, '0') as tap:
        model(x)
        model(x + 1)
    assert tap.input is x


def test_nothing_is_left_behind():
    model = network()
    with pytest.raises(ZeroDivisionError), FirstOutput(model, '1'):
        raise ZeroDivisionError
    assert not model[1]._forward_hooks
    assert not copy.deepcopy(model)[1]._forward_hooks


def test_submodule_that_did_not_run():
    with FirstOutput(network(), '1') as tap:
        pass
    assert tap.input is None
    with pytest.raises(RuntimeError, match='Sequential.1 did not run'):
        _ = tap.output


def test_unknown_submodule():
    with (
        pytest.raises(ValueError, match="Sequential has no submodule 'neck'"),
        FirstOutput(network(), 'neck'),
    ):
        pass
