"""A run that resumes with steps of another size, against a new run."""

import copy
import itertools

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

from hirl_mm.engine.runtime.resumed_state import align_queues
from tests.runs import run, small_config
from tests.tiny_runs import EPOCHS, SCHEDULES, Stop, tiny_config, tiny_run

DONE = 3  # epochs of the first run


def log_of(work_dir):
    (log,) = work_dir.glob('*/*.log')
    return log.read_text()


def resumed(checkpoint, work_dir, batch_size, without='', **options):
    """Values and log of a run that goes on from a checkpoint."""
    cfg = tiny_config(
        work_dir,
        batch_size,
        resume=True,
        load_from=str(checkpoint),
        log_level='INFO',
        **options,
    )
    cfg.default_hooks.pop(without, None)
    return tiny_run(cfg)[1], log_of(work_dir)


def rest(values, begin):
    return {done: v for done, v in values.items() if done >= begin}


@pytest.fixture(scope='module')
def first(tmp_path_factory):
    """Work folder of three epochs of 24 images in batches of 8."""
    folder = tmp_path_factory.mktemp('first')
    tiny_run(tiny_config(folder, 8), Stop(DONE))
    return folder


@pytest.mark.parametrize(
    ('batch_size', 'num', 'begin', 'length'),
    [(4, 24, 18, 6), (12, 24, 6, 2), (8, 36, 15, 5)],
)
def test_schedules_are_those_of_a_new_run(
    first, tmp_path, batch_size, num, begin, length
):
    """To the bit: rates, momentum, decay, temperature, averages."""
    _, expected = tiny_run(tiny_config(tmp_path / 'new', batch_size, num))
    values, log = resumed(
        first / f'epoch_{DONE}.pth', tmp_path / 'run', batch_size, num=num
    )
    assert values == rest(expected, DONE)
    last = values[max(values)]
    assert last['iter'] == last['max_iters'] - 1 == EPOCHS * length - 1
    (line,) = [x for x in log.splitlines() if 'position of the run' in x]
    assert 'is kept in epochs: iteration 9 of 18 (3 per epoch)' in line
    assert f'is iteration {begin} of {6 * length} ({length} per' in line
    assert 'nothing has scaled the learning rate' in line
    assert 'eta: -' not in log


def test_nothing_changes_for_steps_of_the_same_size(first, tmp_path):
    found = {}
    for name in ('hook', 'without'):
        cfg = tiny_config(
            tmp_path / name,
            8,
            resume=True,
            load_from=str(first / f'epoch_{DONE}.pth'),
            log_level='INFO',
        )
        if name == 'without':
            del cfg.default_hooks.resume_position
        found[name] = tiny_run(cfg)
        assert 'position of the run' not in log_of(tmp_path / name)
    (runner, values), (plain, expected) = found.values()
    assert values == expected
    state = plain.model.state_dict()
    for key, value in runner.model.state_dict().items():
        assert torch.equal(value, state[key])


def test_longer_run_has_the_schedules_of_its_config(first, tmp_path):
    """MMEngine would go on with the ones that end after six epochs."""
    longer = copy.deepcopy(SCHEDULES)
    for schedule in longer:
        for name in {'T_max', 'end'} & set(schedule):
            schedule[name] += EPOCHS * (schedule[name] > 2)
    options = dict(train_cfg__max_epochs=2 * EPOCHS, param_scheduler=longer)
    _, expected = tiny_run(tiny_config(tmp_path / 'new', 8, **options))
    values, log = resumed(
        first / f'epoch_{DONE}.pth', tmp_path / 'run', 8, **options
    )
    assert len(expected) == 36 and values == rest(expected, DONE)
    assert 'iteration 9 of 18 (3 per epoch) of the checkpoint is' in log
    assert 'is iteration 9 of 36 (3 per epoch) here' in log


def test_scaled_rates_if_asked_for(first, tmp_path):
    options = dict(auto_scale_lr=dict(enable=True, base_batch_size=8))
    new = tiny_config(tmp_path / 'new', 4, **options)
    _, expected = tiny_run(new)
    values, log = resumed(
        first / f'epoch_{DONE}.pth', tmp_path / 'run', 4, **options
    )
    assert values == rest(expected, DONE)
    assert 'auto_scale_lr has scaled the learning rate' in log


@pytest.fixture(scope='module')
def inside(tmp_path_factory):
    """Checkpoint of ten iterations, and the values of the whole run."""
    options = dict(
        default_hooks__checkpoint__by_epoch=False,
        default_hooks__checkpoint__interval=10,
    )
    folder = tmp_path_factory.mktemp('inside')
    _, values = tiny_run(tiny_config(folder, 8, **options))
    return folder / 'iter_10.pth', values


def test_checkpoint_from_inside_an_epoch(inside, tmp_path):
    checkpoint, expected = inside
    values, log = resumed(checkpoint, tmp_path, 8)
    assert values == rest(expected, 3.3)
    assert 'position of the run' not in log


def test_checkpoint_from_inside_an_epoch_of_other_steps(inside, tmp_path):
    _, expected = tiny_run(tiny_config(tmp_path / 'new', 4))
    values, log = resumed(inside[0], tmp_path / 'run', 4)
    assert values == rest(expected, 3.3)
    assert 'of 18 (3 per epoch) of the checkpoint is iteration 20 of 36' in log


def test_epoch_begins_anew_where_no_batch_can_be_left_out(inside, tmp_path):
    checkpoint, expected = inside
    values, log = resumed(checkpoint, tmp_path, 8, without='position_seed')
    assert values == rest(expected, 3)
    assert 'iteration 10 of 18 (3 per epoch) of the checkpoint is' in log


@pytest.mark.parametrize('batch_size', [8, 4])
def test_checkpoint_without_schedules(tmp_path, batch_size):
    """Such as the best one, with which MMEngine begins them anew."""
    options = dict(
        default_hooks__checkpoint__save_optimizer=False,
        default_hooks__checkpoint__save_param_scheduler=False,
    )
    tiny_run(tiny_config(tmp_path / 'a', 8, **options), Stop(DONE))
    _, expected = tiny_run(tiny_config(tmp_path / 'new', batch_size))
    values, _ = resumed(
        tmp_path / f'a/epoch_{DONE}.pth', tmp_path / 'b', batch_size
    )
    assert values == rest(expected, DONE)


def test_training_that_counts_iterations(tmp_path):
    def options(num_iters):
        schedule = dict(type='CosineAnnealingLR', by_epoch=False)
        return dict(
            train_dataloader__sampler__type='InfiniteSampler',
            train_cfg=dict(
                type='IterBasedTrainLoop', max_iters=num_iters, _delete_=True
            ),
            param_scheduler=[dict(schedule, T_max=num_iters, end=num_iters)],
            default_hooks__checkpoint__by_epoch=False,
            default_hooks__checkpoint__interval=10,
        )

    tiny_run(tiny_config(tmp_path / 'a', 4, **options(20)))
    _, expected = tiny_run(tiny_config(tmp_path / 'new', 8, **options(10)))
    values, log = resumed(
        tmp_path / 'a/iter_10.pth', tmp_path / 'b', 8, **options(10)
    )
    assert values == rest(expected, 5)
    assert 'is kept in images: iteration 10 of 20 of the checkpoint' in log
    assert 'is iteration 5 of 10 here' in log


def test_average_of_the_ema_hook(tmp_path):
    ema = dict(default_hooks__ema=dict(type='EMAHook'))
    tiny_run(tiny_config(tmp_path / 'a', 8, **ema), Stop(DONE))
    cfg = tiny_config(
        tmp_path / 'b',
        4,
        resume=True,
        load_from=str(tmp_path / f'a/epoch_{DONE}.pth'),
        **ema,
    )
    runner, _ = tiny_run(cfg)
    (hook,) = [h for h in runner.hooks if type(h).__name__ == 'EMAHook']
    assert hook.ema_model.steps == runner.max_iters == 36


@pytest.mark.parametrize('batch_size', [4, 8, 12])
def test_frozen_layers(first, tmp_path, batch_size):
    """An end in epochs holds for steps of any size."""
    frozen = dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['layer.bias'],
        end=DONE + 1,
        by_epoch=True,
    )
    begin = torch.load(first / f'epoch_{DONE}.pth', weights_only=False)
    biases = [begin['state_dict']['layer.bias'].item()]

    class Keep(Hook):
        def after_train_epoch(self, runner):
            biases.append(runner.model.layer.bias.item())

    cfg = tiny_config(
        tmp_path / 'run',
        batch_size,
        resume=True,
        load_from=str(first / f'epoch_{DONE}.pth'),
        default_hooks__frozen_layers=frozen,
    )
    # Weight decay alone would change a frozen parameter that has a gradient.
    tiny_run(cfg, Keep())
    stays, *later = [a == b for a, b in itertools.pairwise(biases)]
    assert stays and later == [False, False]


def test_schedule_that_depends_on_metrics(tmp_path):
    options = dict(
        param_scheduler=[
            dict(type='CosineAnnealingLR', T_max=6, by_epoch=True),
            dict(type='ReduceOnPlateauLR', monitor='loss'),
        ]
    )
    tiny_run(tiny_config(tmp_path / 'a', 8, **options), Stop(DONE))
    checkpoint = tmp_path / f'a/epoch_{DONE}.pth'
    values, log = resumed(checkpoint, tmp_path / 'b', 4, **options)
    stored = torch.load(checkpoint, weights_only=False)['optimizer']
    assert values[DONE]['lr'] == stored['param_groups'][0]['lr'] < 0.1
    assert values[DONE]['iter'] == 18
    assert 'Learning rates go on from the checkpoint' in log


def test_resume_that_cannot_be_converted(first, tmp_path):
    runner = Runner.from_cfg(tiny_config(tmp_path, 4))
    runner.resume(str(first / f'epoch_{DONE}.pth'))
    with pytest.raises(ValueError, match='epoch 4 begins at iteration 18 he'):
        runner.train()


def test_queue_of_moco_goes_on(digits, tmp_path):
    """Its pointer, 96 of 128, is where no batch of 64 can begin."""
    cfg = small_config(digits, tmp_path / 'a', hirl=False, epochs=1)
    run(cfg)
    checkpoint = tmp_path / 'a/epoch_1.pth'
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    assert state['queue_ptr'].item() == 96
    for resume in (True, False):
        name = f'b{resume}'
        cfg = small_config(digits, tmp_path / name, hirl=False, epochs=2)
        cfg.train_dataloader.batch_size = 64
        cfg.load_from, cfg.resume = str(checkpoint), resume
        runner = run(cfg)
        assert runner.iter == 2
        steps = int(runner.model.encoder_k.steps)
        assert steps == (2 if resume else 5)


def test_both_queues_of_densecl():
    cfg = dict(
        type='DenseCL',
        queue_len=64,
        backbone=dict(type='ResNet', depth=18),
        neck=dict(
            type='DenseCLNeck',
            in_channels=512,
            hid_channels=8,
            out_channels=8,
        ),
        head=dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss')),
        feat_dim=8,
    )
    model = MODELS.build(cfg)
    state = {
        'queue_ptr': torch.tensor([24]),
        'queue2_ptr': torch.tensor([32]),
        'other': torch.tensor([24]),
    }
    align_queues(state, model, 16)
    assert [int(v) for v in state.values()] == [16, 32, 24]
