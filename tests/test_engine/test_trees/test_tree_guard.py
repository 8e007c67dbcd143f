import re

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.engine.hooks import HierarchicalKMeansHook
from hirl_mm.engine.trees.guard import TreeGuard
from tests.runs import small_config
from tests.trees import tree_of


class Break(Hook):
    """Breaks the features' network before the trees of some epochs."""

    def __init__(self, breakage, epochs):
        self.breakage = breakage
        self.epochs = epochs
        self.trees = []

    def before_train_epoch(self, runner):
        if runner.epoch in self.epochs:
            neck = runner.model.encoder_k.module[1]
            self.kept = {k: v.clone() for k, v in neck.state_dict().items()}
            self.breakage(neck)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if batch_idx > 0:
            return
        self.trees.append(runner.model.tree)
        if runner.epoch in self.epochs:
            neck = runner.model.encoder_k.module[1]
            neck.load_state_dict(self.kept)


def diverge(neck):
    neck.fc1.weight.data.fill_(float('nan'))


def collapse(neck):
    neck.fc1.weight.data.zero_()
    neck.fc1.bias.data.fill_(1.0)


def run_broken(digits, work_dir, breakage, epochs, **guard):
    """Five epochs, trees from the second on; the trees and the log."""
    cfg = small_config(digits, work_dir, epochs=5, guard=guard)
    cfg.log_level = 'INFO'
    runner = Runner.from_cfg(cfg)
    hook = Break(breakage, epochs)
    runner.register_hook(hook, priority='VERY_HIGH')
    try:
        runner.train()
    finally:
        (log,) = work_dir.glob('*/*.log')
    return hook.trees, log.read_text()


@pytest.mark.parametrize(
    ('breakage', 'figures'),
    [(diverge, '96 of 96 rows hold NaN'), (collapse, r'spread is \S+ \(0 is')],
)
def test_the_last_good_tree_stays(breakage, figures, digits, tmp_path):
    trees, log = run_broken(digits, tmp_path, breakage, epochs=[2, 3])
    assert trees[0] is None
    assert trees[1] is trees[2] is trees[3]
    assert trees[4] is not trees[3], 'a good tree takes its place again'
    warnings = [line for line in log.splitlines() if 'WARNING' in line]
    warnings = [line for line in warnings if 'is rejected' in line]
    assert len(warnings) == 2
    assert 'tree of epoch 3 is rejected (1 of 3 in a row)' in warnings[0]
    assert 'tree of epoch 4 is rejected (2 of 3 in a row)' in warnings[1]
    for warning in warnings:
        assert 'the last good tree stays' in warning
    assert re.search(figures, warnings[0])
    files = {f.name for f in (tmp_path / 'prototype_trees').iterdir()}
    assert files == {'epoch_2.pth', 'epoch_5.pth'}


def test_training_without_a_good_tree_goes_on_without_one(digits, tmp_path):
    trees, log = run_broken(digits, tmp_path, collapse, epochs=[1, 2])
    assert trees[:3] == [None] * 3
    assert trees[3] is not None
    assert 'training goes on without a tree' in log


def test_too_many_in_a_row_stop_the_training(digits, tmp_path):
    message = r'epoch 4 is rejected \(2 of 2 in a row\).*max_rejected'
    with pytest.raises(RuntimeError, match=message):
        run_broken(digits, tmp_path, diverge, [2, 3], max_rejected=2)
    assert (tmp_path / 'epoch_3.pth').exists()


def test_a_good_tree_between_starts_the_count_anew(digits, tmp_path):
    trees, _ = run_broken(digits, tmp_path, diverge, [2, 4], max_rejected=2)
    assert trees[4] is trees[3]


def test_a_rejected_tree_is_followed_by_a_cold_start(digits, tmp_path):
    """The trees of epochs 2 and 6 start cold by their number."""
    starts = {}

    class Starts(Break):
        def before_train_epoch(self, runner):
            if not starts:
                (hook,) = (
                    h
                    for h in runner.hooks
                    if isinstance(h, HierarchicalKMeansHook)
                )
                build = hook._builder.build

                def noted(model, start):
                    starts[runner.epoch] = start is None
                    return build(model, start)

                hook._builder.build = noted
                starts[0] = True
            super().before_train_epoch(runner)

    cfg = small_config(digits, tmp_path, epochs=6, cold_interval=4)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Starts(diverge, [3]), priority='VERY_HIGH')
    runner.train()
    del starts[0]
    assert starts == {1: True, 2: False, 3: False, 4: True, 5: True}


def shares(*counts):
    leaf = [i for i, count in enumerate(counts) for _ in range(count)]
    return tree_of(leaf)


@pytest.mark.parametrize(
    ('counts', 'rejected'),
    [
        ((5, 1, 1, 1, 2), False),
        ((6, 1, 1, 1, 1), True),
        ((9, 1), False),
        ((6, 2, 2), False),
        ((7, 2, 1), True),
    ],
)
def test_largest_share(counts, rejected):
    faults = TreeGuard(max_share=0.5).faults(shares(*counts), spread=1.0)
    assert bool(faults) == rejected
    if rejected:
        assert f'{max(counts) / 10:.1%} of the images' in faults[0]


def test_coarse_levels_may_be_uneven():
    leaf, parents = list(range(10)), [0] * 7 + [1, 2, 3]
    assert not TreeGuard().faults(tree_of(leaf, parents), spread=1.0)


def test_least_spread():
    tree = shares(5, 5)
    assert not TreeGuard(min_spread=0.1).faults(tree, spread=0.11)
    (fault,) = TreeGuard(min_spread=0.1).faults(tree, spread=0.09)
    assert 'spread is 0.09' in fault and 'minimum is 0.1' in fault


def test_share_of_empty_prototypes():
    """Level 0 has two of five without images, level 1 one of three."""
    tree = tree_of([0, 1, 2, 2], [0, 1, 0, 2, 2])
    assert not TreeGuard(max_empty=0.4).faults(tree, spread=1.0)
    (fault,) = TreeGuard(max_empty=0.35).faults(tree, spread=1.0)
    assert fault == (
        '2 of the 5 prototypes of level 0 (40.0%) have no image, the maximum '
        'is 35.0%'
    )
    assert len(TreeGuard(max_empty=0.3).faults(tree, spread=1.0)) == 2


def test_the_count_survives_a_resume(digits, tmp_path):
    """Trees of epochs 3 and 4 are rejected, the run resumes between them."""
    guard = dict(max_rejected=2)
    cfg = small_config(digits, tmp_path, epochs=3, guard=guard)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Break(diverge, [2]), priority='VERY_HIGH')
    runner.train()
    cfg = small_config(digits, tmp_path, epochs=5, guard=guard)
    cfg.resume = True
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Break(diverge, [3]), priority='VERY_HIGH')
    with pytest.raises(StoppedError, match=r'epoch 4 is rejected \(2 of 2'):
        runner.train()


@pytest.mark.parametrize(
    'limits',
    [
        dict(max_share=0.0),
        dict(max_empty=1.1),
        dict(max_share=1.1),
        dict(min_spread=-0.1),
        dict(min_spread=1.0),
        dict(max_rejected=0),
    ],
)
def test_limits_out_of_range(limits):
    (name,) = limits
    with pytest.raises(ValueError, match=name):
        TreeGuard(**limits)
