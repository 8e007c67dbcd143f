"""Batches with a broken loss in real trainings."""

import math
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.engine.hooks import BadBatchHook
from hirl_mm.registry import TRANSFORMS
from tests.bad_batches import (
    Break,
    Leave,
    different,
    dino,
    moco,
    swav,
    told,
)
from tests.processes import run_processes
from tests.runs import run
from tests.scaled_optim_wrapper import ScaledOptimWrapper

NAN = float('nan')


@pytest.mark.slow
@pytest.mark.parametrize('config', [moco, dino, swav])
@pytest.mark.parametrize('iteration', [1, 4])
def test_a_skipped_batch_was_never_there(digits, tmp_path, config, iteration):
    """Weights, averages, queues, centres and optimizer, bit by bit."""
    bad = run(config(digits, tmp_path / 'bad'), Break(iteration))
    never = run(config(digits, tmp_path / 'never'), Leave(iteration))
    assert bad.iter == never.iter
    assert different(bad, never) == []
    whole = run(config(digits, tmp_path / 'whole'))
    assert different(bad, whole)


def test_a_skipped_batch_leaves_the_bank(digits, tmp_path):
    """Its images are read in a pass, as those of any batch that is left."""
    options = dict(mode='bank', num_restarts=None)
    bad = run(moco(digits, tmp_path / 'bad', **options), Break(2))
    never = run(moco(digits, tmp_path / 'never', **options), Leave(2))
    assert torch.equal(bad.model.tree.leaf, never.model.tree.leaf)
    assert different(bad, never) == []


class Spoil(Hook):
    """Make the gradient of one parameter NaN in an iteration."""

    def __init__(self, iteration):
        self.iteration = iteration

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 == self.iteration:
            weight = next(runner.model.neck.parameters())
            self.handle = weight.register_hook(lambda g: g * NAN)

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        if runner.iter + 1 == self.iteration:
            self.handle.remove()


@pytest.mark.parametrize('clip', [None, dict(max_norm=1e9), dict(value=1e9)])
def test_a_broken_gradient_is_skipped(digits, tmp_path, clip):
    """Of a finite loss, whether its norm is clipped or not."""

    def config(name):
        cfg = dino(digits, tmp_path / name, epochs=1)
        del cfg.default_hooks.clip
        if clip and 'value' in clip:
            cfg.optim_wrapper.clip_grad = dict(type='value', clip_value=1e9)
        elif clip:
            cfg.optim_wrapper.clip_grad = dict(clip)
        return cfg

    bad = run(config('bad'), Spoil(2))
    assert different(bad, run(config('never'), Leave(2))) == []
    (line,) = told(tmp_path / 'bad')
    assert 'epoch 1, iteration 2: the gradient is not finite (loss ' in line


def test_what_is_said_and_logged(digits, tmp_path):
    runner = run(moco(digits, tmp_path, hirl=False, epochs=1), Break(2))
    file = tmp_path / 'bad_batches/epoch_1_iter_2_rank_0.pth'
    assert told(tmp_path) == [
        'epoch 1, iteration 2: the loss is not finite (loss nan; 1 of 10 bad '
        f'batches in a row); this batch is skipped, and kept in {file}'
    ]
    history, _ = runner.message_hub.get_scalar('train/loss').data
    assert len(history) == 2 and all(map(math.isfinite, history))


def test_too_many_in_a_row_stop_the_training(digits, tmp_path):
    cfg = moco(digits, tmp_path, hirl=False, epochs=3)
    cfg.default_hooks.bad_batch.max_bad = 3
    with pytest.raises(StoppedError) as stopped:
        run(cfg, Break(2, 4, 5, 6, value=math.inf))
    files = sorted(tmp_path.glob('bad_batches/*'))
    assert [file.name for file in files] == [
        'epoch_1_iter_2_rank_0.pth',
        'epoch_2_iter_4_rank_0.pth',
        'epoch_2_iter_5_rank_0.pth',
    ]
    assert str(stopped.value) == (
        'epoch 2, iteration 6: the loss is not finite (loss nan; 3 of 3 bad '
        f'batches in a row). Training stops here. tools/replay.py {files[0]} '
        f'shows what breaks. Resume from {tmp_path}/epoch_1.pth with a lower '
        'optim_wrapper.optimizer.lr or with '
        'optim_wrapper.clip_grad.max_norm=1'
    )


def test_action_stop_stops_at_the_first(digits, tmp_path):
    cfg = moco(digits, tmp_path, hirl=False, epochs=1)
    cfg.default_hooks.bad_batch.update(action='stop', max_files=0)
    with pytest.raises(StoppedError) as stopped:
        run(cfg, Break(2))
    assert str(stopped.value) == (
        'epoch 1, iteration 2: the loss is not finite (loss nan; 1 of 10 bad '
        'batches in a row). Training stops here. Start anew with a lower '
        'optim_wrapper.optimizer.lr or with '
        'optim_wrapper.clip_grad.max_norm=1'
    )
    assert not (tmp_path / 'bad_batches').exists()


def on_one_of_two(rank, digits, work_dir):
    cfg = dino(digits, work_dir, epochs=1)
    cfg.train_dataloader.batch_size = 8
    cfg.experiment_name = f'rank_{rank}'
    runner = run(cfg, *([Break(2)] if rank else []))
    state = runner.model.state_dict()
    assert all(value.isfinite().all() for value in state.values())
    torch.save(state['head.center'], f'{work_dir}/{rank}.pth')


@pytest.mark.slow
def test_a_batch_of_another_rank_is_skipped_too(digits, tmp_path):
    """The centre stays that of both; only the rank itself keeps a file."""
    run_processes(on_one_of_two, 2, digits, tmp_path)
    (line,) = told(tmp_path)
    assert line.startswith(
        'epoch 1, iteration 2, on another rank: the loss is not finite (loss '
    )
    assert line.endswith(
        '1 of 10 bad batches in a row); this batch is skipped'
    )
    files = [file.name for file in tmp_path.glob('bad_batches/*')]
    assert files == ['epoch_1_iter_2_rank_1.pth']
    centers = [torch.load(tmp_path / f'{rank}.pth') for rank in range(2)]
    assert torch.equal(*centers) and centers[0].any()


@TRANSFORMS.register_module()
class BrokenImage:
    """Views of floating point; those of one image are NaN."""

    def __init__(self, name):
        self.name = name

    def __call__(self, packed):
        path = packed['data_samples'].img_path
        factor = NAN if Path(path).name == self.name else 1.0
        packed['inputs'] = [view.float() * factor for view in packed['inputs']]
        return packed


def test_a_broken_image_of_the_pipeline(digits, tmp_path):
    """Its batch is kept as it was, in a file without code."""
    cfg = moco(digits, tmp_path, hirl=False, epochs=2)
    data = cfg.train_dataloader.dataset
    name = sorted((digits / 'train').rglob('*.png'))[data.indices[5]].name
    data.pipeline.append(dict(type='hirl_mm.BrokenImage', name=name))
    seen = {}

    class Look(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            seen[runner.iter + 1] = data_batch

    runner = run(cfg, Look())
    assert all(v.isfinite().all() for v in runner.model.state_dict().values())
    files = sorted(tmp_path.glob('bad_batches/*'))
    assert len(files) == 2  # once per epoch
    for file in files:
        kept = torch.load(file, weights_only=True)
        batch = seen[kept['iteration']]
        (broken,) = (
            kept['images'][i]
            for i, image in enumerate(kept['batch']['inputs'][0])
            if image.isnan().any()
        )
        assert Path(broken).name == name
        for view, given in zip(
            kept['batch']['inputs'], batch['inputs'], strict=True
        ):
            assert torch.equal(view.nan_to_num(), given.nan_to_num())
        assert kept['images'] == [s.img_path for s in batch['data_samples']]
        assert kept['seed'] == runner.seed
        assert math.isnan(kept['losses']['loss'])
    newest = [torch.load(f, weights_only=True)['checkpoint'] for f in files]
    assert newest == [None, str(tmp_path / 'epoch_1.pth')]


def test_overflows_of_a_loss_scaler_stop_if_they_go_on(digits, tmp_path):
    """Three in a row do not stop a training whose limit is ten."""

    def config(name, **options):
        cfg = dino(digits, tmp_path / name, epochs=1)
        cfg.optim_wrapper.update(type='ScaledOptimWrapper', **options)
        return cfg

    assert ScaledOptimWrapper
    cfg = config('stopped', init_scale=3e38)
    cfg.default_hooks.bad_batch.max_bad = 2
    with pytest.raises(StoppedError, match='the scaled gradient overflows'):
        run(cfg)
    assert not (tmp_path / 'stopped/bad_batches').exists()
    run(config('going', init_scale=3e38))
    assert told(tmp_path / 'going') == []
    bad = run(config('bad'), Break(2))
    assert bad.optim_wrapper.loss_scaler.get_scale() == 65536
    assert different(bad, run(config('never'), Leave(2))) == []


@pytest.mark.parametrize('iteration', [3, 4])
def test_accumulated_gradients_go_with_a_bad_batch(
    digits, tmp_path, iteration
):
    """Of iterations 3 and 4, the other one counts if it comes later."""

    cfg = dino(digits, tmp_path, epochs=1)
    cfg.train_dataloader.batch_size = 8
    cfg.optim_wrapper.accumulative_counts = 2
    found = {}

    class Look(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch, outputs):
            weight = runner.model.neck.mlp[0].weight
            found[runner.iter + 1] = weight.detach().clone()

    run(cfg, Break(iteration), Look())
    assert all(weight.isfinite().all() for weight in found.values())
    assert torch.equal(found[4], found[2]) == (iteration == 4)
    assert not torch.equal(found[6], found[4])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(action='warn'), "action must be 'skip' or 'stop', got 'warn'"),
        (dict(max_bad=0), 'max_bad must be at least 1, got 0'),
        (dict(max_files=-1), 'max_files must be at least 0, got -1'),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError) as error:
        BadBatchHook(**options)
    assert str(error.value) == message


def test_nothing_hangs_on_the_optimizer_after_the_run(digits, tmp_path):
    runner = run(moco(digits, tmp_path, hirl=False, epochs=1))
    wrapper = runner.optim_wrapper
    parameter = next(runner.model.neck.parameters())
    wrapper.update_params((parameter * NAN).sum())
    assert parameter.isnan().all()


class TwoNetworks(BaseModel):
    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(1, 1), nn.Linear(1, 1)

    def forward(self, inputs, mode='loss'):
        return self.other(self.one(inputs)).mean()

    def train_step(self, data, optim_wrapper):
        loss = self(data)
        optim_wrapper['one'].update_params(loss)
        return dict(loss=loss)


def test_several_optimizers_are_not_watched(tmp_path):
    model = TwoNetworks()
    wrappers = OptimWrapperDict(
        **{
            name: OptimWrapper(torch.optim.SGD(part.parameters(), lr=0.1))
            for name, part in model.named_children()
            if isinstance(part, nn.Linear)
        }
    )
    runner = Runner(
        model,
        str(tmp_path),
        train_dataloader=DataLoader([torch.ones(1)] * 2),
        optim_wrapper=wrappers,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        experiment_name='several_optimizers',
        default_scope='mmpretrain',
    )
    runner.register_hook(BadBatchHook())
    runner.train()
    (log,) = tmp_path.glob('*/*.log')
    assert (
        'batches with a broken loss are not skipped: BadBatchHook watches one '
        'optimizer, and this training has several'
    ) in log.read_text()
