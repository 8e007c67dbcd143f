import pytest
import torch
from mmengine.hooks import Hook

from hirl_mm.engine.hooks import FrozenLayersHook
from tests.runs import run, small_config
from tests.scaled_optim_wrapper import ScaledOptimWrapper

STEPS = 3  # per epoch
OPTIMIZERS = {
    'AdamW': dict(type='AdamW', lr=1e-2, weight_decay=0.1),
    'LARS': dict(type='LARS', lr=1.0, momentum=0.9, weight_decay=0.1),
}


class Watch(Hook):
    """After every iteration: weights, and for which there is state."""

    def __init__(self):
        self.weights, self.with_state = {}, {}

    def before_train(self, runner):
        self.weights[runner.iter] = self._weights(runner)

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        done = runner.iter + 1
        self.weights[done] = self._weights(runner)
        state = runner.optim_wrapper.optimizer.state
        self.with_state[done] = {
            name for name, p in runner.model.named_parameters() if state.get(p)
        }

    def _weights(self, runner):
        return {
            name: p.detach().clone()
            for name, p in runner.model.named_parameters()
            if p.requires_grad
        }

    def moved(self, part, done):
        """Which of the last step's parameters of that name changed."""
        before, after = self.weights[done - 1], self.weights[done]
        return [
            not torch.equal(before[name], after[name])
            for name in after
            if part in name
        ]


def train(digits, work_dir, end, by_epoch=False, layers=('neck',), **options):
    cfg = small_config(digits, work_dir, hirl=False)
    cfg.optim_wrapper.optimizer = OPTIMIZERS[options.pop('kind', 'AdamW')]
    cfg.merge_from_dict(options)
    cfg.default_hooks.frozen_layers = dict(
        type='hirl_mm.FrozenLayersHook',
        layers=list(layers),
        end=end,
        by_epoch=by_epoch,
    )
    watch = Watch()
    runner = run(cfg, watch)
    return runner, watch


@pytest.mark.parametrize('kind', OPTIMIZERS)
@pytest.mark.parametrize(
    ('end', 'by_epoch', 'first'), [(4, False, 5), (1, True, STEPS + 1)]
)
def test_layers_rest_until_the_end(
    digits, tmp_path, kind, end, by_epoch, first
):
    """Bit for bit, without a state; then they move like the others."""
    runner, watch = train(digits, tmp_path, end, by_epoch, kind=kind)
    assert runner.iter == 2 * STEPS
    for done in range(1, 2 * STEPS + 1):
        rests = done < first
        assert any(watch.moved('backbone', done))
        assert all(watch.moved('neck', done)) != rests
        assert any(watch.moved('neck', done)) != rests
        states = {name.split('.')[0] for name in watch.with_state[done]}
        assert states == ({'backbone'} if rests else {'backbone', 'neck'})
    assert not runner.optim_wrapper.optimizer._optimizer_step_pre_hooks


def test_several_layers_by_parts_of_names(digits, tmp_path):
    layers = ['layer1.0.conv1', 'neck']
    _, watch = train(digits, tmp_path, 2 * STEPS, layers=layers)
    for done in range(1, 2 * STEPS + 1):
        for layer in layers:
            assert not any(watch.moved(layer, done))
        assert all(watch.moved('layer1.0.conv2', done))


def test_nothing_rests_when_it_ends_at_once(digits, tmp_path):
    _, watch = train(digits, tmp_path, 0)
    assert all(watch.moved('neck', 1))


def test_accumulated_gradients(digits, tmp_path):
    """Steps after iterations 2, 4 and 6; the first finds them frozen."""
    _, watch = train(
        digits, tmp_path, 3, **{'optim_wrapper.accumulative_counts': 2}
    )
    found = [all(watch.moved('neck', done)) for done in range(1, 7)]
    assert found == [False, False, False, True, False, True]
    found = [any(watch.moved('backbone', done)) for done in range(1, 7)]
    assert found == [False, True, False, True, False, True]


def test_scaled_loss(digits, tmp_path):
    _, watch = train(
        digits,
        tmp_path,
        4,
        **{'optim_wrapper.type': ScaledOptimWrapper.__name__},
    )
    found = [any(watch.moved('neck', done)) for done in range(1, 7)]
    assert found == [False] * 4 + [True] * 2
    assert any(watch.moved('backbone', 1))


def test_resumed_run_counts_from_the_beginning(digits, tmp_path):
    train(digits, tmp_path, 4, **{'train_cfg.max_epochs': 1})
    runner, watch = train(digits, tmp_path, 4, resume=True)
    assert runner.iter == 2 * STEPS
    assert sorted(watch.weights) == [3, 4, 5, 6]
    found = [all(watch.moved('neck', done)) for done in (4, 5, 6)]
    assert found == [False, True, True]
    assert not any(watch.moved('neck', 4))


def test_name_of_no_parameter(digits, tmp_path):
    with pytest.raises(ValueError, match="layers has 'necks', .* no param"):
        train(digits, tmp_path, 4, layers=['neck', 'necks'])


@pytest.mark.parametrize('layers', ['neck', []])
def test_layers_that_are_no_list(layers):
    with pytest.raises(ValueError, match='layers must be a list of names'):
        FrozenLayersHook(layers, end=1, by_epoch=True)


def test_negative_end():
    with pytest.raises(ValueError, match='end must be at least 0, got -1'):
        FrozenLayersHook(['neck'], end=-1, by_epoch=True)
