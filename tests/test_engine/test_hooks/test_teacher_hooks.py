"""What happens around an optimizer step of DINO, through real Runners."""

import math
import uuid

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper

from hirl_mm.engine.hooks import ParameterClipHook
from hirl_mm.engine.hooks.parameter_clip_hook import clip_each
from tests.runs import ROOT, run, settle, small_config
from tests.scaled_optim_wrapper import ScaledOptimWrapper
from tests.step_hooks import Seeds, Watch

STEPS = 3  # per epoch


def config(digits, work_dir, *, epochs=2, name='dino'):
    cfg = Config.fromfile(
        ROOT / f'configs/debug/{name}_vit-4x64-p8_1xb64-mcrop-4e_digits.py'
    )
    settle(cfg, work_dir)
    cfg.train_cfg.max_epochs = epochs
    cfg.model.base_momentum = 0.6
    cfg.model.backbone.arch.update(num_layers=2, feedforward_channels=64)
    cfg.model.backbone.drop_path_rate = 0.0
    cfg.train_dataloader.batch_size = 16
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = list(range(0, 1500, 30))
    cfg.optim_wrapper.optimizer.lr = 1e-2
    del cfg.default_hooks.knn_probe
    return cfg


@pytest.mark.parametrize('wrapper', [OptimWrapper, ScaledOptimWrapper])
def test_teacher_follows_the_new_student(digits, tmp_path, wrapper):
    """w to m w + (1 - m) student, m on a cosine from 0.6 to 1."""
    watch = Watch('neck', 'teacher.neck')
    cfg = config(digits, tmp_path)
    cfg.optim_wrapper.type = wrapper.__name__
    run(cfg, watch)
    assert len(watch.seen) == 2 * STEPS
    for step, (before, old, after, new) in enumerate(watch.seen):
        share = step / (2 * STEPS)
        momentum = 1 - 0.4 * (1 + math.cos(math.pi * share)) / 2
        expected = momentum * old + (1 - momentum) * after
        torch.testing.assert_close(new, expected)
        assert not torch.equal(before, after)


def test_teacher_moves_once_per_step_of_the_optimizer(digits, tmp_path):
    watch = Watch('neck', 'teacher.neck')
    cfg = config(digits, tmp_path)
    cfg.optim_wrapper.accumulative_counts = 3
    run(cfg, watch)
    moved = [not torch.equal(old, new) for _, old, _, new in watch.seen]
    assert moved == [False, False, True] * 2
    stepped = [not torch.equal(old, new) for old, _, new, _ in watch.seen]
    assert moved == stepped


def test_nothing_hangs_on_the_optimizer_after_the_run(digits, tmp_path):
    runner = run(config(digits, tmp_path, epochs=1))
    runner.message_hub.update_info('iter', 0)
    teacher = {
        k: v.clone() for k, v in runner.model.teacher.named_parameters()
    }
    weight = runner.model.neck.mlp[0].weight
    weight.grad = torch.full_like(weight, 5.0)
    runner.optim_wrapper.optimizer.step()
    assert weight.grad.min() == 5
    for key, value in runner.model.teacher.named_parameters():
        assert torch.equal(value, teacher[key])


def test_teacher_waits_when_the_scaled_loss_overflows(digits, tmp_path):
    watch = Watch('neck', 'teacher.neck')
    cfg = config(digits, tmp_path, epochs=1)
    cfg.optim_wrapper.update(type='ScaledOptimWrapper', init_scale=1e38)
    cfg.train_cfg.max_epochs = 1
    run(cfg, watch)
    for before, old, after, new in watch.seen:
        assert torch.equal(before, after) and torch.equal(old, new)


@pytest.mark.parametrize('name', ['dino', 'ibot'])
def test_a_resumed_run_is_the_uninterrupted_one(digits, tmp_path, name):
    """Networks, centres and optimizer, bit by bit."""
    whole = run(
        config(digits, tmp_path / 'whole', epochs=4, name=name), Seeds()
    )
    cfg = config(digits, tmp_path / 'parts', epochs=4, name=name)

    class Stop(Hook):
        def after_train_epoch(self, runner):
            if runner.epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cfg, Seeds(), Stop())
    cfg = config(digits, tmp_path / 'parts', epochs=4, name=name)
    cfg.resume = True
    resumed = run(cfg, Seeds())
    assert resumed.iter == whole.iter == 4 * STEPS
    expected = whole.model.state_dict()
    found = resumed.model.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[key], expected[key]) for key in found)
    assert found['head.center'].any()
    assert ('head.patch_center' in found) == (name == 'ibot')


def test_weight_decay_rises_but_where_there_is_none(digits, tmp_path):
    """Along a cosine to ten times; 1-D parameters have none throughout."""

    class Decay(Hook):
        def __init__(self):
            self.seen = []

        def before_train_iter(self, runner, *args, **kwargs):
            groups = runner.optim_wrapper.optimizer.param_groups
            self.seen.append(
                {
                    p.ndim > 1: group['weight_decay']
                    for group in groups
                    for p in group['params']
                }
            )

    watch = Decay()
    cfg = config(digits, tmp_path, epochs=4)
    run(cfg, watch)
    total = 4 * STEPS
    for step, decay in enumerate(watch.seen):
        cosine = (1 + math.cos(math.pi * step / total)) / 2
        assert decay[True] == pytest.approx(0.4 + (0.04 - 0.4) * cosine)
        assert decay[False] == 0


def test_clips_every_parameter_by_its_own_norm():
    torch.manual_seed(0)
    parameters = [torch.randn(n, 3, requires_grad=True) for n in (1, 2, 5)]
    parameters.append(torch.zeros(4, requires_grad=True))
    lengths = [0.1, 0.7, 30.0, 0.0]
    for p, length in zip(parameters, lengths, strict=True):
        p.grad = torch.ones_like(p) / p.numel() ** 0.5 * length
    parameters.append(torch.zeros(2, requires_grad=True))
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    clip_each(optimizer, 0.3)
    norms = [p.grad.norm().item() for p in parameters[:4]]
    assert norms == pytest.approx([0.1, 0.3, 0.3, 0.0], rel=1e-4)
    assert parameters[4].grad is None


def test_no_step_is_longer_than_the_clipped_gradient(digits, tmp_path):
    class Longest(Hook):
        def __init__(self):
            self.seen = []

        def before_train_iter(self, runner, *args, **kwargs):
            self.old = [p.detach().clone() for p in runner.model.parameters()]

        def after_train_iter(self, runner, *args, **kwargs):
            pairs = zip(self.old, runner.model.parameters(), strict=True)
            self.seen += [
                (old - new).norm().item()
                for old, new in pairs
                if new.requires_grad
            ]

    longest = []
    for max_norm in (1e-3, 1e3):
        cfg = config(digits, tmp_path / str(max_norm), epochs=1)
        cfg.optim_wrapper = dict(
            type='OptimWrapper', optimizer=dict(type='SGD', lr=1.0)
        )
        cfg.param_scheduler = []
        cfg.default_hooks.clip.max_norm = max_norm
        watch = Longest()
        run(cfg, watch)
        longest.append(max(watch.seen))
    assert longest[0] <= 1.001e-3 < 0.01 < longest[1]


def test_training_that_counts_no_epochs(digits, tmp_path):
    cfg = config(digits, tmp_path)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=3)
    cfg.param_scheduler = []
    del cfg.default_hooks.clip, cfg.default_hooks.frozen_layers
    with pytest.raises(ValueError, match='counts epochs.*IterBasedTrainLoop'):
        run(cfg)


@pytest.mark.parametrize(
    ('kept', 'hook'),
    [('teacher', 'TeacherUpdateHook'), ('clip', 'ParameterClipHook')],
)
def test_fused_optimizer_under_a_loss_scale(digits, tmp_path, kept, hook):
    cfg = config(digits, tmp_path, epochs=1)
    for name in {'teacher', 'clip', 'frozen_layers'} - {kept}:
        del cfg.default_hooks[name]
    cfg.optim_wrapper.optimizer.fused = True
    cfg.optim_wrapper.type = ScaledOptimWrapper.__name__
    with pytest.raises(ValueError, match=f'{hook} .* leave fused out'):
        run(cfg)
    if hook == 'TeacherUpdateHook':
        cfg.optim_wrapper.type = 'OptimWrapper'
        cfg.experiment_name = uuid.uuid4().hex
        watch = Watch('neck', 'teacher.neck')
        run(cfg, watch)
        assert all(not torch.equal(old, new) for _, old, _, new in watch.seen)


def test_a_model_without_a_teacher(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.default_hooks = dict(teacher=dict(type='hirl_mm.TeacherUpdateHook'))
    with pytest.raises(TypeError, match='DINOAlgorithm.*is a HIRLMoCo'):
        run(cfg)


@pytest.mark.parametrize('max_norm', [0, -1.0])
def test_norm_that_is_not_positive(max_norm):
    with pytest.raises(ValueError, match='max_norm must be positive'):
        ParameterClipHook(max_norm)
