"""Kept batches that tools/replay.py runs again."""

import math
import runpy
import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from hirl_mm.engine.bad_batches.kept_batch import KeptBatch
from hirl_mm.engine.bad_batches.replay import (
    loaded_model,
    optimizer_of,
    replay,
    use_tree_of,
)
from hirl_mm.engine.bad_batches.step_state import random_states
from tests.bad_batches import Break, moco
from tests.runs import ROOT, run


class Keep(Hook):
    """Keep the first batch of the second epoch, which is good."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if (runner.epoch, batch_idx) == (1, 0):
            self.before = dict(
                batch=data_batch,
                random=random_states(),
                rates=runner.optim_wrapper.get_lr()['lr'],
            )

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        if (runner.epoch, batch_idx) == (1, 0):
            KeptBatch(
                **self.before,
                why='good',
                losses={k: v.item() for k, v in outputs.items()},
                epoch=2,
                iteration=runner.iter + 1,
                rank=7,
                seed=runner.seed,
                max_epochs=runner.max_epochs,
                max_iters=runner.max_iters,
                checkpoint=f'{runner.work_dir}/epoch_1.pth',
            ).save(f'{runner.work_dir}/bad_batches')


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """A run whose last batch was broken."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = moco(digits, folder)
    cfg.dump(folder / 'config.py')
    run(cfg, Keep(), Break(6))
    return folder


def tool(*words, monkeypatch):
    """Run the tool in this process; what it exits with, None for success."""
    monkeypatch.setattr(sys, 'argv', ['replay', *map(str, words)])
    try:
        runpy.run_path(str(ROOT / 'tools/replay.py'), run_name='__main__')
    except SystemExit as exit:
        return exit.code


def test_a_good_batch_has_the_losses_of_the_run(trained):
    """With the tree of its epoch, which is newer than the checkpoint."""
    file = trained / 'bad_batches/epoch_2_iter_4_rank_7.pth'
    kept = KeptBatch.load(file)
    cfg = Config.fromfile(trained / 'config.py')
    model = loaded_model(cfg, kept, kept.checkpoint, 'cpu')
    assert model.tree is None
    use_tree_of(trained, kept, model)
    wrapper = optimizer_of(cfg, kept, model)
    (group,) = wrapper.optimizer.param_groups
    assert group['lr'] == kept.rates[0] < cfg.optim_wrapper.optimizer.lr
    steps = list(replay(model, wrapper, kept, steps=3))
    assert set(kept.losses) == {'loss', 'loss_ssl', 'loss_spd', 'z0_std'}
    assert steps[0].losses == pytest.approx(kept.losses, rel=1e-5)
    assert all(step.is_good() for step in steps)
    assert steps[0].first() is None
    assert steps[1].losses['loss'] != steps[0].losses['loss']
    assert set(steps[0].norms) == {'backbone', 'neck', 'spd_head'}


def test_the_tool_tells_what_breaks(trained, monkeypatch, capsys):
    """Here the images, and so the first module that sees them."""
    file = trained / 'bad_batches/epoch_2_iter_6_rank_0.pth'
    assert tool(file, monkeypatch=monkeypatch) is None
    lines = capsys.readouterr().out.splitlines()
    assert f'weights of {trained}/epoch_1.pth' in lines
    assert any(
        line.startswith('epoch 2, iteration 6, rank 0, seed ')
        and line.endswith(': the loss is not finite')
        for line in lines
    )
    assert 'weights that are not finite: none' in lines
    (first,) = (line for line in lines if line.startswith('first module'))
    assert 'data_preprocessor (SelfSupDataPreprocessor), ' in first
    cells = [[c.strip() for c in line.split('|')[1:-1]] for line in lines]
    rows = {row[0]: row[1:] for row in cells if row}
    size = kept_size(file)
    assert rows['0'][-4:] == ['-', '-', '-', str(size)]
    assert rows['loss'] == ['nan', 'nan']
    assert rows['backbone'] == ['nan']


def kept_size(file):
    return torch.load(file, weights_only=True)['batch']['inputs'][0].numel()


def test_the_tool_names_the_module_of_broken_weights(
    trained, tmp_path, monkeypatch, capsys
):
    """From another checkpoint, with a batch that is good."""
    state = torch.load(trained / 'epoch_1.pth', weights_only=True)
    name = 'backbone.layer2.0.conv1.weight'
    state['state_dict'][name][0] = math.nan
    torch.save(state, tmp_path / 'broken.pth')
    file = trained / 'bad_batches/epoch_2_iter_4_rank_7.pth'
    options = '--checkpoint', tmp_path / 'broken.pth', '--device', 'cpu'
    assert tool(file, *options, '--steps', 2, monkeypatch=monkeypatch) is None
    lines = capsys.readouterr().out.splitlines()
    assert f'weights that are not finite: {name}' in lines
    (first,) = (line for line in lines if line.startswith('first module'))
    assert 'not finite: backbone.layer2.0.conv1 (Conv2d), ' in first
    assert first.endswith('; its inputs are finite')


def test_what_the_tool_cannot_use(trained, tmp_path, monkeypatch):
    assert tool(tmp_path / 'none.pth', monkeypatch=monkeypatch) == (
        f'error: there is no checkpoint {tmp_path}/none.pth'
    )
    wrong = trained / 'epoch_1.pth'
    assert 'is not a batch that a training has kept' in tool(
        wrong, monkeypatch=monkeypatch
    )
    kept = trained / 'bad_batches/epoch_2_iter_6_rank_0.pth'
    gone = tool(kept, '--checkpoint', 'none', monkeypatch=monkeypatch)
    assert gone == 'error: there is no checkpoint none'
