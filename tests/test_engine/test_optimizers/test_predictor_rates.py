import copy
import math

import pytest
import torch
from mmengine.optim import (
    CosineAnnealingLR,
    LinearLR,
    build_optim_wrapper,
)
from torch import nn

from tests.algorithms import build

RATES = 'hirl_mm.PredictorRatesOptimWrapperConstructor'


def config(rates, **options):
    return dict(
        constructor=RATES,
        optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-2),
        paramwise_cfg=dict(predictor_rates=rates, **options),
    )


def options_of(model, wrapper):
    """Rate and decay of every parameter by name; each is in one group."""
    found = {}
    for group in wrapper.optimizer.param_groups:
        for parameter in group['params']:
            assert id(parameter) not in found
            found[id(parameter)] = group['lr'], group['weight_decay']
    return {name: found[id(p)] for name, p in model.named_parameters()}


def is_flat(name):
    return name.endswith('.bias') or '.bn' in name or 'downsample.1' in name


def test_rates_and_decays_of_all_parameters():
    model = build('HCCL')
    cfg = config(['constant', 10], norm_decay_mult=0, bias_decay_mult=0)
    wrapper = build_optim_wrapper(model, cfg)
    for name, (rate, decay) in options_of(model, wrapper).items():
        times = 10 if name.startswith('head.predictors.1.') else 1
        assert rate == pytest.approx(0.1 * times), name
        assert decay == (0 if is_flat(name) else 1e-2), name
    # of backbone and neck, and of either predictor, with and without decay
    assert len(wrapper.optimizer.param_groups) == 6


def test_rates_multiply_other_options():
    model = build('HCCL')
    cfg = config([0.5, 'constant'], bias_lr_mult=2.0)
    options = options_of(model, build_optim_wrapper(model, cfg))
    assert options['head.predictors.0.fc1.bias'][0] == pytest.approx(0.1)
    assert options['head.predictors.0.fc1.weight'][0] == pytest.approx(0.05)
    assert options['head.predictors.1.fc1.bias'][0] == pytest.approx(0.2)


class Trained:
    """Rates that steps use, by predictor; 'rest' is everything else."""

    def __init__(self, rates, schedules):
        self.model = build('HCCL')
        self.wrapper = build_optim_wrapper(self.model, config(rates))
        self.schedules = [
            kind(self.wrapper, **kwargs) for kind, kwargs in schedules
        ]
        self.used = []
        # runs behind the hook of the constructor
        self.wrapper.optimizer.register_step_pre_hook(self._look)
        heads = self.model.head.predictors
        self.places = [next(heads[i].parameters()) for i in range(2)]
        self.places.append(next(self.model.backbone.parameters()))

    def _look(self, optimizer, args, kwargs):
        rates = {
            id(p): group['lr']
            for group in optimizer.param_groups
            for p in group['params']
        }
        self.used.append([rates[id(p)] for p in self.places])

    def train(self, steps):
        generator = torch.Generator().manual_seed(0)
        for _ in range(steps):
            for p in self.model.parameters():
                p.grad = torch.randn(p.shape, generator=generator)
            self.wrapper.step()
            for schedule in self.schedules:
                schedule.step()
        return self


@pytest.mark.parametrize('begin', [0, 2])
def test_constant_whatever_the_schedules(begin):
    """A cosine, also behind a warm-up; the other predictor follows them."""
    schedules = [
        (CosineAnnealingLR, dict(T_max=10 - begin, begin=begin, end=10))
    ]
    if begin:
        warm_up = dict(start_factor=0.5, begin=0, end=begin)
        schedules.insert(0, (LinearLR, warm_up))
    used = Trained(['constant', 10], schedules).train(10).used
    for step, (low, high, rest) in enumerate(used):
        past = max(0, step - begin) / (10 - begin)
        rate = 0.05 * (1 + math.cos(math.pi * past))
        if step < begin:
            rate = 0.05 * (1 + step)
        assert rest == pytest.approx(rate, abs=1e-9)
        assert high == pytest.approx(10 * rate, abs=1e-9)
        assert low == pytest.approx(0.1, abs=1e-9)
    assert used[-1][2] < 0.004


def test_steps_use_the_constant_rate():
    """Not only the group says so: weights are those of plain SGD."""
    schedules = [(CosineAnnealingLR, dict(T_max=4, end=4))]
    run = Trained(['constant', 'constant'], schedules)
    expected = copy.deepcopy(run.places[0])
    generator = torch.Generator().manual_seed(0)
    sgd = torch.optim.SGD([expected], 0.1, momentum=0.9, weight_decay=1e-2)
    names = [name for name, _ in run.model.named_parameters()]
    for _ in range(4):
        for name in names:
            shape = run.model.get_parameter(name).shape
            drawn = torch.randn(shape, generator=generator)
            if run.model.get_parameter(name) is run.places[0]:
                expected.grad = drawn
        sgd.step()
    run.train(4)
    assert torch.equal(run.places[0], expected)


def test_without_schedules():
    used = Trained(['constant', 2.0], []).train(2).used
    assert used == [[0.1, 0.2, 0.1]] * 2


def test_constant_after_loading_the_state():
    schedules = [(CosineAnnealingLR, dict(T_max=10, end=10))]
    whole = Trained(['constant', 10], schedules).train(6)
    first = Trained(['constant', 10], schedules).train(3)
    second = Trained(['constant', 10], schedules)
    second.wrapper.load_state_dict(copy.deepcopy(first.wrapper.state_dict()))
    for new, old in zip(second.schedules, first.schedules, strict=True):
        new.load_state_dict(old.state_dict())
    second.train(3)
    assert second.used == whole.used[3:]


@pytest.mark.parametrize('rate', [-1, -0.1, math.nan, math.inf, 'fixed', True])
def test_wrong_rate(rate):
    with pytest.raises(ValueError, match="'constant' or a multiplier .* got"):
        build_optim_wrapper(build('HCCL'), config([rate, 10]))


@pytest.mark.parametrize('rates', [[], [1.0], [1.0] * 3])
def test_wrong_number_of_rates(rates):
    text = f'has {len(rates)} rates.*has 2 modules in head.predictors'
    with pytest.raises(ValueError, match=text):
        build_optim_wrapper(build('HCCL'), config(rates))


def test_model_without_predictors():
    with pytest.raises(ValueError, match='has 0 modules'):
        build_optim_wrapper(nn.Linear(2, 2), config([1.0]))
