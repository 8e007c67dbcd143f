"""What the log says about the speed of a training."""

import json
import time

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils._python_dispatch import _get_current_dispatch_mode

from hirl_mm.engine.runtime.device_rate import product_rate
from tests.tiny_runs import tiny_config, tiny_run

CPU = torch.device('cpu')


def scalars(work_dir):
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


class Slow(Hook):
    """Wait a while in every step, or before it."""

    def __init__(self, loading, step):
        self.loading, self.step = loading, step

    def before_train(self, runner):
        dataset = runner.train_dataloader.dataset
        read = type(dataset).__getitem__
        seconds = self.loading / runner.train_dataloader.batch_size

        class Slowly(type(dataset)):
            def __getitem__(self, index):
                time.sleep(seconds)
                return read(self, index)

        dataset.__class__ = Slowly

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        time.sleep(self.step)


def test_shares_of_the_time(tmp_path):
    """30 ms for images and at least 10 for the rest, eight images a step."""
    cfg = tiny_config(tmp_path, 8)
    cfg.default_hooks.logger = dict(type='LoggerHook', interval=3)
    cfg.log_processor = dict(window_size=3)
    del cfg.default_hooks.start_check
    tiny_run(cfg, Slow(0.03, 0.01))
    found = [x for x in scalars(tmp_path) if 'waiting_share' in x]
    assert len(found) == 6
    for line in found:
        # Not less than what was slept, however slow the machine is.
        assert line['data_time'] > 0.029
        assert line['time'] - line['data_time'] > 0.009
        # The log has the mean of the same three steps.
        rate = 8 / line['time']
        assert line['images_per_second'] == pytest.approx(rate, rel=1e-3)
        share = line['data_time'] / line['time']
        assert line['waiting_share'] == pytest.approx(share, rel=1e-3)


def test_operations_of_a_step(tmp_path):
    """Of OneWeight: a product of (8, 1) and (1, 1), and one backward."""
    cfg = tiny_config(tmp_path, 8)
    cfg.default_hooks.logger = dict(type='LoggerHook', interval=1)
    cfg.log_processor = dict(window_size=1)
    rates = []

    class Keep(Hook):
        def after_train(self, runner):
            (hook,) = [
                h for h in runner.hooks if type(h).__name__ == 'ThroughputHook'
            ]
            rates.append((hook._flops, hook._rate))

    tiny_run(cfg, Keep())
    ((flops, rate),) = rates
    assert flops == 2 * (2 * 8)
    for line in scalars(tmp_path):
        expected = flops / line['time'] / rate
        assert line['peak_share'] == pytest.approx(expected, rel=0.01)


class FailingStep(Hook):
    """Stops the first step in the middle."""

    def before_train(self, runner):
        runner.model.layer.register_forward_pre_hook(self.fail)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.model = runner.model

    def fail(self, *_):
        assert _get_current_dispatch_mode() is not None
        raise KeyboardInterrupt


class StopBeforeIt(FailingStep):
    priority = 'LOWEST'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        raise KeyboardInterrupt


@pytest.mark.parametrize('kind', [FailingStep, StopBeforeIt])
def test_nothing_is_counted_after_a_step_that_fails(kind, tmp_path):
    hook = kind()
    cfg = tiny_config(tmp_path, 8)
    del cfg.default_hooks.start_check
    with pytest.raises(KeyboardInterrupt):
        tiny_run(cfg, hook)
    assert _get_current_dispatch_mode() is None
    if kind is FailingStep:
        assert 'train_step' not in vars(hook.model)


def test_the_training_is_the_same(tmp_path):
    states = []
    for name in 'with', 'without':
        cfg = tiny_config(tmp_path / name, 8)
        if name == 'without':
            del cfg.default_hooks.throughput
        states.append(tiny_run(cfg)[0].model.state_dict())
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key])


def test_rate_of_a_product():
    state = torch.random.get_rng_state()
    rates = [product_rate(CPU, torch.float32) for _ in range(2)]
    assert all(1e8 < rate < 1e14 for rate in rates)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU')
def test_one_warning_on_a_gpu(tmp_path):
    cfg = tiny_config(tmp_path, 8, num=80, log_level='WARNING')
    cfg.default_hooks.logger = dict(type='LoggerHook', interval=2)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Slow(0.1, 0))
    runner.train()
    (log,) = tmp_path.glob('*/*.log')
    (line,) = [x for x in log.read_text().splitlines() if 'waits for' in x]
    assert 'views=device' in line and 'num_workers, now 0' in line
