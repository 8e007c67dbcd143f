"""Recipes of HCCL and the rows of the paper's tables."""

import math
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.paper_results import HCCL_TABLES, recipe_key
from hirl_mm.registry import MODELS, type_name
from tests.algorithms import build
from tests.recipes import differences, full_model, load, without_amp
from tests.runs import ROOT
from tests.weightless import Weightless

FOLDER = ROOT / 'configs/hccl'
TABLES = ROOT / 'configs/ablations/hccl'
NAME = 'hccl_resnet50_8xb64-{}amp-coslr-100e_in1k'
STANDARD = FOLDER / f'{NAME.format("")}.py'
RATES = ['constant', 5.0, 10.0, 20.0, 40.0]


def recipe(epochs, variant=''):
    name = f'hccl{variant}_resnet50_8xb64-amp-coslr-{epochs}e_in1k.py'
    return load(FOLDER / name)


def rates_of_steps(cfg):
    """Rates (backbone, h_1, h_2) of the steps of every epoch.

    Of a narrow model, by the optimizer and the schedules of the config.
    """
    model = build('HCCL')
    wrapper = build_optim_wrapper(model, without_amp(cfg))
    schedules = [
        PARAM_SCHEDULERS.build(
            dict(scheduler), default_args=dict(optimizer=wrapper)
        )
        for scheduler in cfg.param_scheduler
    ]
    heads = [next(head.parameters()) for head in model.head.predictors]
    places = [next(model.backbone.parameters()), *heads]
    found = []

    def look(optimizer, args, kwargs):
        rates = {
            id(p): group['lr']
            for group in optimizer.param_groups
            for p in group['params']
        }
        found.append([rates[id(p)] for p in places])

    wrapper.optimizer.register_step_pre_hook(look)
    for _ in range(cfg.train_cfg.max_epochs):
        wrapper.optimizer.step()
        for schedule in schedules:
            schedule.step()
    return found


@pytest.mark.parametrize('variant', ['', '-momentum'])
@pytest.mark.parametrize(
    ('epochs', 'rate', 'decay'),
    [
        (100, 0.1, 1e-4),
        (200, 0.1, 1e-4),
        (400, 0.1, 1e-4),
        (800, 0.05, 1.5e-4),
    ],
)
def test_rates_and_decay_of_the_paper(epochs, rate, decay, variant):
    """Of a whole schedule: (.1, .1, 1), (.05, .1, .5), towards (0, .1, 0)."""
    cfg = recipe(epochs, variant)
    assert cfg.train_cfg.max_epochs == epochs
    assert cfg.train_dataloader.batch_size == 64
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.momentum) == ('SGD', 0.9)
    assert optimizer.weight_decay == decay
    rates = rates_of_steps(cfg)
    assert len(rates) == epochs
    for epoch, found in enumerate(rates):
        share = (1 + math.cos(math.pi * epoch / epochs)) / 2
        expected = [rate * share, rate, 10 * rate * share]
        assert found == pytest.approx(expected, abs=1e-9)
    assert rates[0] == pytest.approx([rate, rate, 10 * rate])
    middle = [rate / 2, rate, 5 * rate]
    assert rates[epochs // 2] == pytest.approx(middle)
    assert rates[-1] == pytest.approx([0, rate, 0], abs=3e-4)


def test_what_does_not_decay():
    model = full_model(recipe(100))
    wrapper = build_optim_wrapper(model, without_amp(recipe(100)))
    decay = {
        id(p): group['weight_decay']
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    }
    assert len(decay) == len(list(model.parameters()))
    for name, p in model.named_parameters():
        assert decay[id(p)] == (1e-4 if p.ndim > 1 else 0), name


@pytest.mark.parametrize('variant', ['', '-momentum'])
def test_networks_of_the_paper(variant):
    model = full_model(recipe(800, variant))
    assert isinstance(model.backbone.bn1, nn.SyncBatchNorm)
    levels, predictors = model.neck.levels, model.head.predictors
    for modules, size in ((levels, 12_593_152), (predictors, 2_100_224)):
        assert len(modules) == 2
        for module in modules:
            assert sum(p.numel() for p in module.parameters()) == size
            assert isinstance(module.bn0, nn.SyncBatchNorm)
    assert model.head.wiring == [(0, 1, 0.25), (1, 0, 0.5)]
    assert model.has_teacher == bool(variant)
    hooks = recipe(800, variant).default_hooks
    assert ('teacher' in hooks) == bool(variant)
    if variant:
        assert model._momenta == (0.996, 0.996)
        assert hooks.teacher.type == 'hirl_mm.TeacherUpdateHook'


def test_views_of_byol():
    views = recipe(100).train_dataloader.dataset.pipeline[1]
    assert views.num_views == [1, 1]
    probabilities = []
    for steps in views.transforms:
        by_name = {type_name(step.type): step for step in steps}
        crop = by_name['RandomResizedCrop']
        assert crop.scale == 224 and 'crop_ratio_range' not in crop
        (jitter,) = by_name['RandomApply'].transforms
        found = [jitter[k] for k in ['brightness', 'contrast', 'saturation']]
        assert [*found, jitter.hue] == [0.4, 0.4, 0.2, 0.1]
        assert by_name['RandomApply'].prob == 0.8
        assert by_name['RandomFlip'].prob == 0.5
        assert by_name['RandomGrayscale'].prob == 0.2
        blur = by_name['GaussianBlur']
        assert blur.magnitude_range == (0.1, 2.0)
        probabilities.append((blur.prob, by_name['Solarize'].prob))
    assert probabilities == [(1.0, 0.0), (0.1, 0.2)]


def test_momentum_variant_differs_by_its_target_alone():
    for epochs in (100, 200, 400, 800):
        plain, momentum = recipe(epochs), recipe(epochs, '-momentum')
        assert momentum.model.pop('momentum') == 0.996
        del momentum.default_hooks['teacher']
        assert momentum.to_dict() == plain.to_dict()


def test_hccl_on_byol():
    """What is not the projector, the predictors and the loss is BYOL's."""
    cfg = load(FOLDER / 'hccl-byol_resnet50_16xb256-coslr-200e_in1k.py')
    byol = Config.fromstring(
        "_base_ = 'mmpretrain::byol/byol_resnet50_16xb256-coslr-200e_in1k.py'",
        '.py',
    )
    optimizer = cfg.optim_wrapper.optimizer
    assert type_name(optimizer.pop('type')) == byol.optimizer.pop('type')
    assert optimizer == {
        k: v for k, v in byol.optimizer.items() if k != '_scope_'
    }
    keys = cfg.optim_wrapper.paramwise_cfg
    assert keys == byol.optim_wrapper.paramwise_cfg
    assert cfg.param_scheduler == byol.param_scheduler
    assert cfg.train_dataloader.batch_size == 256
    model = full_model(cfg)
    assert model._momenta == (1 - byol.model.base_momentum, 1.0)
    shapes = {k: tuple(p.shape) for k, p in model.named_parameters()}
    assert shapes['neck.levels.0.fc0.weight'] == (4096, 2048)
    assert shapes['neck.levels.0.fc1.weight'] == (256, 4096)
    assert shapes['neck.levels.1.fc0.weight'] == (4096, 256)
    assert shapes['head.predictors.1.fc0.weight'] == (4096, 256)
    assert shapes['head.predictors.1.fc1.weight'] == (256, 4096)
    with Weightless():
        theirs = MODELS.build(dict(byol.model, _scope_='mmpretrain'))
    for key, p in theirs.backbone.named_parameters():
        assert shapes[f'backbone.{key}'] == tuple(p.shape)
    excluded = {
        id(p)
        for group in build_optim_wrapper(
            model,
            dict(
                cfg.optim_wrapper,
                optimizer=dict(
                    cfg.optim_wrapper.optimizer, type='mmpretrain.LARS'
                ),
            ),
        ).param_groups
        for p in group['params']
        if group.get('lars_exclude')
    }
    for name, p in model.named_parameters():
        if p.requires_grad:
            assert (id(p) in excluded) == (p.ndim == 1), name


def variant(folder, tag):
    return TABLES / folder / f'{NAME.format(tag + "-")}.py'


def changed(path):
    """What a config changes in the recipe of 100 epochs."""
    return differences(load(STANDARD).to_dict(), load(path).to_dict())


RATE = 'optim_wrapper.paramwise_cfg.predictor_rates'
DEEP = {
    'model.neck.num_levels': 1,
    'model.neck.num_layers': 6,
    'model.head.num_levels': 1,
}
EXPECTED = {
    variant('table5', 'deep'): DEEP
    | {'model.head.weighting': 'mean', RATE: ['constant']},
    variant('table5', 'same-level'): {
        'model.head.wiring': [(0, 0, 0.25), (1, 1, 0.5)]
    },
    variant('table5', 'one-way'): {
        'model.head.predictions': [(0, 1)],
        'model.head.wiring': [(0, 0, 0.5)],
        RATE: [10.0],
    },
    variant('table5', 'shared-predictor'): {
        'model.head.predictions': [(0, 0), (0, 1)],
        RATE: ['constant'],
    },
    variant('table5', 'deep-two-predictors'): DEEP
    | {
        'model.head.predictions': [(0, 0), (1, 0)],
        'model.head.wiring': [(0, 0, 0.25), (1, 0, 0.5)],
    },
    variant('table10', 'levels3-wiringa'): {
        'model.neck.num_levels': 3,
        'model.head.num_levels': 3,
        RATE: ['constant', 10.0, 10.0],
        'model.head.wiring': [(0, 0, 0.25), (1, 1, 0.5), (2, 2, 0.5)],
    },
    variant('table10', 'levels3-wiringb'): {
        'model.neck.num_levels': 3,
        'model.head.num_levels': 3,
        RATE: ['constant', 10.0, 10.0],
        'model.head.wiring': [(0, 1, 0.25), (1, 0, 0.5), (2, 2, 0.5)],
    },
}
for levels in (2, 3, 4):
    for layers in (2, 3, 4):
        numbers = {
            'model.neck.num_levels': levels,
            'model.head.num_levels': levels,
            RATE: ['constant'] + [10.0] * (levels - 1),
        }
        numbers = {} if levels == 2 else numbers
        if layers != 3:
            numbers |= {'model.neck.num_layers': layers}
        if numbers:
            tag = f'levels{levels}-layers{layers}'
            EXPECTED[variant('table6', tag)] = numbers
for low in RATES:
    for high in RATES:
        if [low, high] != ['constant', 10.0]:
            of_low, of_high = (
                'fixed' if rate == 'constant' else f'{rate:g}'
                for rate in (low, high)
            )
            tag = f'low{of_low}-high{of_high}'
            EXPECTED[variant('table7', tag)] = {RATE: [low, high]}


def test_every_cell_of_the_tables_has_its_config():
    assert set(EXPECTED) == set(TABLES.rglob('*.py'))
    assert len(EXPECTED) == 5 + 8 + 24 + 2


@pytest.mark.slow
@pytest.mark.parametrize('path', EXPECTED, ids=lambda path: path.stem[22:-20])
def test_config_of_a_cell(path):
    """It differs by the cell alone, and all its parts fit together."""
    assert changed(path) == EXPECTED[path]
    cfg = load(path)
    model = full_model(cfg)
    wrapper = build_optim_wrapper(model, without_amp(cfg))
    assert len(wrapper.param_groups) >= 2


def test_readme_shows_the_other_tables_of_the_paper():
    text = (FOLDER / 'README.md').read_text()
    for number in (1, 2, 3, 4, 8, 9):
        assert beside_paper(HCCL_TABLES[number], []) in text


README = (TABLES / 'README.md').read_text()


def test_readme_of_the_tables_links_every_config():
    links = re.findall(r'\]\((\S+\.py)\)', README)
    found = {(TABLES / link).resolve() for link in links}
    assert found == set(EXPECTED) | {STANDARD}
    for folder in ('table5', 'table6', 'table7', 'table10'):
        assert f'configs/ablations/hccl/{folder}/*.py' in README


def test_readme_of_the_tables_has_their_figures():
    for number, section in re.findall(
        r'^## Table (\d+):(.*?)(?=^## |\Z)', README, re.M | re.S
    ):
        cells = {
            cell.recipe: f'{cell.value:.1f}'
            for cell in HCCL_TABLES[int(number)].cells()
        }
        shown = re.findall(r'\[([\d.?]+)\]\((\S+)\.py\)', section)
        shown += re.findall(
            r'\| ([\d.]+) \| \[[a-z]\S+\]\((\S+)\.py\)', section
        )
        for figure, link in shown:
            recipe = recipe_key(Path(link).name)
            assert figure == cells.pop(recipe, '?'), link
        assert shown and not cells


def test_shared_predictor_adds_its_gradients():
    """Table 5: one module serves two levels in one step."""
    cfg = load(variant('table5', 'shared-predictor'))
    head = dict(
        cfg.model.head,
        in_channels=16,
        hid_channels=8,
        norm_cfg=dict(type='BN1d'),
    )
    model = build('HCCL', head=head)
    assert len(model.head.predictors) == 1
    views = [torch.randn(4, 3, 32, 32) for _ in range(2)]
    model.loss(views, [])['loss'].backward()
    assert all(p.grad is not None for p in model.parameters())
