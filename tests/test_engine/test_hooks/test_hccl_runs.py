"""HCCL through real Runners: its target, its rates, resuming."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.runs import ROOT, run, settle
from tests.scaled_optim_wrapper import ScaledOptimWrapper
from tests.step_hooks import Seeds, Watch

STEPS = 3  # per epoch


def config(digits, work_dir, *, epochs=2, name='hccl-momentum'):
    cfg = Config.fromfile(
        ROOT / f'configs/debug/{name}_resnet18_1xb64-4e_digits.py'
    )
    settle(cfg, work_dir)
    cfg.train_cfg.max_epochs = epochs
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=32, out_channels=16)
    cfg.model.head.update(in_channels=16, hid_channels=8)
    cfg.train_dataloader.batch_size = 16
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = list(range(0, 1500, 30))
    if 'kmeans' in cfg.default_hooks:
        cfg.default_hooks.kmeans.update(
            num_prototypes=(8, 4, 2), num_restarts=1, start_epoch=1
        )
    del cfg.default_hooks.knn_probe
    return cfg


class Rates(Hook):
    """Rates (backbone, h_1, h_2) of every step of the optimizer."""

    def __init__(self):
        self.used = []

    def before_train(self, runner):
        model = runner.model
        heads = model.head.predictors
        modules = (model.backbone, heads[0], heads[1])
        places = [next(module.parameters()) for module in modules]

        def look(optimizer, args, kwargs):
            rates = {
                id(p): group['lr']
                for group in optimizer.param_groups
                for p in group['params']
            }
            self.used.append([rates[id(p)] for p in places])

        runner.optim_wrapper.optimizer.register_step_pre_hook(look)


def test_target_follows_the_new_network(digits, tmp_path):
    """w to m w + (1 - m) new, after the step, with a constant m."""
    watch = Watch('neck', 'target.neck')
    cfg = config(digits, tmp_path)
    cfg.model.momentum = 0.6
    run(cfg, watch)
    assert len(watch.seen) == 2 * STEPS
    for before, old, after, new in watch.seen:
        torch.testing.assert_close(new, 0.6 * old + 0.4 * after)
        assert not torch.equal(before, after)


def test_target_moves_once_per_step_of_the_optimizer(digits, tmp_path):
    watch = Watch('neck', 'target.neck')
    cfg = config(digits, tmp_path)
    cfg.optim_wrapper.accumulative_counts = 3
    run(cfg, watch)
    moved = [not torch.equal(old, new) for _, old, _, new in watch.seen]
    assert moved == [False, False, True] * 2


def test_target_waits_when_the_scaled_loss_overflows(digits, tmp_path):
    watch = Watch('neck', 'target.neck')
    cfg = config(digits, tmp_path, epochs=1)
    # Gradients of cosines are small: no finite scale is too large for them.
    cfg.optim_wrapper.update(
        type=ScaledOptimWrapper.__name__, init_scale=math.inf
    )
    run(cfg, watch)
    for before, old, after, new in watch.seen:
        assert torch.equal(before, after) and torch.equal(old, new)


def test_rates_of_every_step(digits, tmp_path):
    """The debug config: a cosine per iteration over 4 epochs of AdamW."""
    rates = Rates()
    cfg = config(digits, tmp_path, epochs=4, name='hccl')
    run(cfg, rates)
    total = 4 * STEPS
    assert len(rates.used) == total
    for step, found in enumerate(rates.used):
        share = (1 + math.cos(math.pi * step / total)) / 2
        expected = [1e-3 * share, 1e-3, 1e-2 * share]
        assert found == pytest.approx(expected, abs=1e-12)


def test_constant_rate_is_scaled_with_the_batch(digits, tmp_path):
    rates = Rates()
    cfg = config(digits, tmp_path, epochs=1, name='hccl')
    cfg.auto_scale_lr = dict(enable=True, base_batch_size=32)
    run(cfg, rates)
    assert rates.used[0] == pytest.approx([5e-4, 5e-4, 5e-3])
    assert rates.used[-1][1] == pytest.approx(5e-4)


@pytest.mark.parametrize('name', ['hccl-momentum', 'hirl-hccl'])
def test_a_resumed_run_is_the_uninterrupted_one(digits, tmp_path, name):
    """Networks, target, optimizer and rates, bit by bit."""
    rates = Rates(), Rates()
    whole = run(
        config(digits, tmp_path / 'whole', epochs=4, name=name),
        *(Seeds(), rates[0]),
    )

    class Stop(Hook):
        def after_train_epoch(self, runner):
            if runner.epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(
            config(digits, tmp_path / 'parts', epochs=4, name=name),
            *(Seeds(), Stop()),
        )
    cfg = config(digits, tmp_path / 'parts', epochs=4, name=name)
    cfg.resume = True
    resumed = run(cfg, Seeds(), rates[1])
    assert resumed.iter == whole.iter == 4 * STEPS
    expected = whole.model.state_dict()
    found = resumed.model.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[key], expected[key]) for key in found)
    assert any(key.startswith('target.') for key in found) == (
        name == 'hccl-momentum'
    )
    assert rates[1].used == rates[0].used[2 * STEPS :]
    states = [
        runner.optim_wrapper.optimizer.state_dict()
        for runner in (whole, resumed)
    ]
    assert states[0]['param_groups'] == states[1]['param_groups']
    for key, state in states[0]['state'].items():
        for name, value in state.items():
            assert torch.equal(value, states[1]['state'][key][name])


def test_hook_without_a_target(digits, tmp_path):
    cfg = config(digits, tmp_path)
    cfg.model.momentum = None
    with pytest.raises(TypeError, match='is a HCCL without a teacher'):
        run(cfg)
