"""Comparisons of methods as studies: their arms, runs and refusals."""

import json

import pytest
from mmengine.config import Config

from hirl_mm.studies.grid import methods_study, plan_runs
from tests.runs import ROOT

DEBUG = ROOT / 'configs/debug'
SIMSIAM = DEBUG / 'simsiam_resnet18_1xb64-4e_digits.py'
HIRL = DEBUG / 'hirl-simsiam_resnet18_1xb64-4e_digits.py'
BYOL = ROOT / 'configs/demo/byol_resnet18_1xb64-20e_digits.py'
CSML = ROOT / 'configs/demo/csml_resnet18_1xb128-20e_digits.py'
ARMS = {'SimSiam': str(SIMSIAM), 'HIRL-SimSiam': str(HIRL)}


def study(configs=ARMS, seeds=(0, 3), **settings):
    settings = dict(num_prototypes=[12, 4], epochs=20) | settings
    return methods_study(configs, seeds, **settings)


def test_every_method_is_compared_with_the_first():
    arms = ARMS | {'BYOL': str(BYOL)}
    first, *others = arms
    (found,) = study(arms).studies
    assert found.pairs == [(other, first) for other in others]
    pairs = [('BYOL', 'HIRL-SimSiam'), ('SimSiam', 'random weights')]
    (found,) = study(arms, pairs=pairs).studies
    assert found.pairs == pairs


def test_runs(tmp_path):
    options = {'train_dataloader.batch_size': 32}
    runs = plan_runs(study(options=options, stages=[2], gpus=4), tmp_path)
    names = ['random weights', *ARMS]
    assert [run.key for run in runs] == [
        ('images', arm, seed) for seed in (0, 3) for arm in names
    ]
    assert [run.settings['trained'] for run in runs[:3]] == [False, True, True]
    random, plain, run = runs[3:]
    assert random.settings['recipe'] == plain.settings['recipe']
    assert random.settings['recipe'] != run.settings['recipe']
    assert run.folder == tmp_path / 'images/hirl-simsiam/seed-3'
    assert run.options == ('randomness.seed=3',)
    assert run.settings['num_prototypes'] == [12, 4]
    assert run.settings['ks'] == [10, 20, 100]
    assert (run.settings['stages'], run.settings['gpus']) == ([2], 4)
    cfg = Config.fromfile(run.config)
    assert cfg.train_cfg.max_epochs == 20
    assert cfg.param_scheduler[0].T_max == 20
    assert cfg.train_dataloader.batch_size == 32
    assert cfg.model.type == 'hirl_mm.HIRLSimSiam'
    # The images are those that the configs name.
    own = Config.fromfile(HIRL)
    for name in 'knn_gallery', 'knn_queries':
        assert cfg[name].data_root == own[name].data_root


def test_what_is_not_measured_is_no_setting(tmp_path):
    """A study of before, which knew none of it, goes on."""
    runs = plan_runs(study(num_prototypes=()), tmp_path)
    assert not {'num_prototypes', 'stages', 'gpus'} & set(runs[0].settings)


def test_classes_of_the_images_are_a_setting(tmp_path):
    """The data set is that of the gallery; its class tree is measured."""
    options = {'knn_gallery.data_root': str(tmp_path / 'data')}

    def images():
        runs = plan_runs(study(options=options), tmp_path / 'runs')
        return {run.settings['images'] for run in runs}

    assert images() == {None}
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/hierarchy.json').write_text(json.dumps({}))
    assert len(images()) == 1 and None not in images()


@pytest.mark.slow
def test_what_is_subtracted_has_equal_budgets(tmp_path):
    arms = ARMS | {'BYOL': str(BYOL), 'CsMl': str(CSML)}
    runs = plan_runs(study(arms), tmp_path)
    epochs = [Config.fromfile(r.config).train_cfg.max_epochs for r in runs[:5]]
    assert epochs == [20, 20, 20, 20, 10]
    with pytest.raises(ValueError, match='BYOL and SimSiam.*epochs 20 and 4'):
        plan_runs(study(arms, epochs=None), tmp_path / 'other')
    with pytest.raises(ValueError, match='multiple of its 2 image'):
        plan_runs(study(arms, epochs=15), tmp_path / 'other')


@pytest.mark.slow
def test_folder_of_another_comparison(tmp_path):
    plan_runs(study(), tmp_path)[-1].note(None)
    before = Config.fromfile(tmp_path / 'images/simsiam.py').train_cfg
    assert len(plan_runs(study(), tmp_path)) == 6
    for other, what in (
        (dict(epochs=10), 'recipe was'),
        (dict(num_prototypes=[12]), r'num_prototypes was \[12, 4\], now'),
        (dict(stages=[3]), r'stages was None, now \[3\]'),
        (dict(gpus=2), 'gpus was None, now 2'),
    ):
        with pytest.raises(ValueError, match=f'of other settings: {what}'):
            plan_runs(study(**other), tmp_path)
    after = Config.fromfile(tmp_path / 'images/simsiam.py').train_cfg
    assert after == before


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(seeds=[1, 1]), 'different seeds'),
        (dict(configs={'a': 'no.py'}), 'there is no config no.py for a'),
        (dict(configs=ARMS | {'simsiam': str(HIRL)}), 'names that differ'),
        (dict(configs={'Random weights': str(HIRL)}), 'names that differ'),
        (dict(configs={'random weights': str(HIRL)}), 'no method may have'),
        (dict(pairs=[('HIRL', 'SimSiam')]), 'needs two of random weights, S'),
        (dict(pairs=[('SimSiam', 'SimSiam')]), 'got SimSiam and SimSiam'),
        (dict(num_prototypes=[4, 12]), 'must strictly decrease'),
        (dict(gpus=0), 'gpus must be at least 1, got 0'),
    ],
)
def test_bad_studies(changes, match):
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        study(**changes)


@pytest.mark.parametrize('epochs', [0, -1])
def test_epochs_below_one(epochs, tmp_path):
    with pytest.raises(ValueError, match='epochs must be at least 1'):
        plan_runs(study(epochs=epochs), tmp_path)
