"""Budgets of trainings: how often they see the images, and which."""

import pytest
from mmengine.config import Config

from hirl_mm.studies.grid.budget import check_equal_budgets, with_epochs
from tests.runs import ROOT

DEBUG = ROOT / 'configs/debug'
SIMSIAM = DEBUG / 'simsiam_resnet18_1xb64-4e_digits.py'
HIRL = DEBUG / 'hirl-simsiam_resnet18_1xb64-4e_digits.py'
MOCO = ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'
CSML = ROOT / 'configs/demo/csml_resnet18_1xb128-20e_digits.py'


def test_schedules_are_stretched():
    cfg = Config.fromfile(HIRL)
    cfg.param_scheduler.append(
        dict(type='MultiStepLR', milestones=[1, 3], begin=1)
    )
    before = cfg.to_dict()
    long = with_epochs(cfg, 20)
    assert cfg.to_dict() == before
    cosine, steps = long.param_scheduler
    assert (cosine.T_max, cosine.end, long.train_cfg.max_epochs) == (20,) * 3
    assert (steps.milestones, steps.begin) == ([5, 15], 5)
    assert long.default_hooks.kmeans.start_epoch == 10
    for name in 'train_cfg', 'param_scheduler', 'default_hooks':
        long.pop(name), before.pop(name)
    assert long.to_dict() == before


@pytest.mark.parametrize('epochs', [0, -1])
def test_epochs_below_one(epochs):
    with pytest.raises(ValueError, match='epochs must be at least 1'):
        with_epochs(Config.fromfile(SIMSIAM), epochs)


def test_training_that_counts_iterations():
    cfg = Config.fromfile(SIMSIAM)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=5)
    with pytest.raises(ValueError, match='max_iters'):
        with_epochs(cfg, 2)


@pytest.mark.parametrize(
    ('changes', 'what'),
    [
        ({'train_cfg.max_epochs': 5}, 'epochs 4 and 5'),
        ({'train_dataloader.batch_size': 32}, 'batch size 64 and 32'),
        ({'train_dataloader.dataset.indices': 96}, 'images '),
    ],
)
def test_unequal_budgets(changes, what):
    arms = {'a': Config.fromfile(SIMSIAM), 'b': Config.fromfile(HIRL)}
    check_equal_budgets(arms)
    arms['b'].merge_from_dict(changes)
    with pytest.raises(ValueError, match=f'a and b have different.*{what}'):
        check_equal_budgets(arms)


def test_a_method_of_pairs_has_half_the_epochs():
    moco, csml = (Config.fromfile(file) for file in (MOCO, CSML))
    with pytest.raises(ValueError, match='epochs 20 and 40'):
        check_equal_budgets(dict(a=moco, b=csml))
    moco, csml = (with_epochs(cfg, 40) for cfg in (moco, csml))
    assert (moco.train_cfg.max_epochs, csml.train_cfg.max_epochs) == (40, 20)
    assert csml.param_scheduler[0].T_max == 20
    check_equal_budgets(dict(a=moco, b=csml))
    csml.train_dataloader.batch_size = 64
    with pytest.raises(ValueError, match='batch size 64 and 32'):
        check_equal_budgets(dict(a=moco, b=csml))
    with pytest.raises(ValueError, match='multiple of its 2 image'):
        with_epochs(csml, 15)
    csml.train_dataloader.sampler.num_positives = 2
    assert with_epochs(csml, 30).train_cfg.max_epochs == 10
