"""Comparisons of methods: budgets, plans and paired differences."""

import json
import math
from statistics import stdev

import pytest
from mmengine.config import Config

from hirl_mm.studies.methods import (
    check_pairs,
    plan_methods,
    write_methods_report,
)
from hirl_mm.studies.methods.budget import check_equal_budgets, with_epochs
from hirl_mm.studies.methods.report import methods_table
from tests.runs import ROOT

DEBUG = ROOT / 'configs/debug'
SIMSIAM = DEBUG / 'simsiam_resnet18_1xb64-4e_digits.py'
HIRL = DEBUG / 'hirl-simsiam_resnet18_1xb64-4e_digits.py'
BYOL = ROOT / 'configs/demo/byol_resnet18_1xb64-20e_digits.py'
ARMS = {'SimSiam': str(SIMSIAM), 'HIRL-SimSiam': str(HIRL)}
RESULTS = {
    ('plain', 0): {'kNN': 70.0, 'NMI': 50.0},
    ('HIRL', 0): {'kNN': 71.0, 'NMI': math.nan},
    ('plain', 1): {'kNN': 80.0, 'NMI': 50.0},
    ('HIRL', 1): {'kNN': 83.0, 'NMI': math.nan},
    ('plain', 2): {'kNN': 75.0, 'NMI': 50.0},
}


def rows_of(table):
    return [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in table.splitlines()
    ]


def test_differences_are_paired():
    """Of seeds that both have; not the difference of the means."""
    table = methods_table(RESULTS, [('HIRL', 'plain')])
    head, _, *rows = rows_of(table)
    assert head == ['method', 'kNN', 'NMI']
    assert rows == [
        ['plain', '75.0 ± 5.0', '50.0 ± 0.0'],
        ['HIRL', f'77.0 ± {stdev([71, 83]):.1f}', '-'],
        ['HIRL - plain', f'+2.0 ± {stdev([1, 3]):.1f}', '-'],
    ]


def test_one_seed_has_no_spread():
    results = {key: value for key, value in RESULTS.items() if key[1] == 0}
    rows = rows_of(methods_table(results, [('HIRL', 'plain')]))
    assert [row[1] for row in rows[2:]] == ['70.0', '71.0', '+1.0']


def test_report(tmp_path):
    table = write_methods_report(
        tmp_path, RESULTS, [('HIRL', 'plain')], epochs=20
    )
    assert (tmp_path / 'methods.md').read_text().startswith(table)
    content = json.loads((tmp_path / 'methods.json').read_text())
    assert content['runs'][1] == dict(
        method='HIRL', seed=0, figures=dict(kNN=71.0, NMI=None)
    )
    assert content['facts']['seeds'] == [0, 1, 2]
    assert content['facts']['epochs'] == 20


@pytest.mark.parametrize('pair', [('HIRL', 'x'), ('HIRL', 'HIRL')])
def test_difference_of_what_is_not_there(pair):
    with pytest.raises(ValueError, match='needs two of plain, HIRL, got HIRL'):
        check_pairs([pair], ['plain', 'HIRL'])


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


def plan(work_dir, arms=ARMS, seeds=(0, 3), **options):
    options = dict(num_prototypes=[12, 4], epochs=20) | options
    return plan_methods(arms, seeds, work_dir, **options)


def test_plan(tmp_path):
    runs = plan(tmp_path, options={'train_dataloader.batch_size': 32})
    assert [run.key for run in runs] == [
        (arm, seed) for seed in (0, 3) for arm in ARMS
    ]
    run = runs[3]
    assert run.folder == tmp_path / 'hirl-simsiam/seed-3'
    assert run.options == ('randomness.seed=3',)
    cfg = Config.fromfile(run.config)
    assert cfg.train_cfg.max_epochs == 20
    assert cfg.train_dataloader.batch_size == 32
    assert cfg.model.type == 'hirl_mm.HIRLSimSiam'
    assert run.settings['num_prototypes'] == [12, 4]
    assert run.settings['recipe'] != runs[0].settings['recipe']


@pytest.mark.slow
def test_byol_has_the_budget_of_the_debug_configs(tmp_path):
    arms = ARMS | {'BYOL': str(BYOL)}
    assert len(plan(tmp_path, arms)) == 6
    with pytest.raises(ValueError, match='epochs 4 and 20'):
        plan(tmp_path / 'other', arms, epochs=None)


@pytest.mark.slow
def test_folder_of_another_comparison(tmp_path):
    plan(tmp_path)
    assert len(plan(tmp_path)) == 4
    with pytest.raises(ValueError, match='of a comparison with other'):
        plan(tmp_path, epochs=10)


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(seeds=[1, 1]), 'seeds must differ'),
        (dict(arms={'a': 'no.py'}), 'there is no config no.py for a'),
        (dict(arms=ARMS | {'simsiam': str(HIRL)}), 'names that differ'),
        (dict(arms={'Random weights': str(HIRL)}), "none 'random weights'"),
    ],
)
def test_bad_plans(changes, match, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        plan(tmp_path, **changes)


MOCO = ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'
CSML = ROOT / 'configs/demo/csml_resnet18_1xb128-20e_digits.py'


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
