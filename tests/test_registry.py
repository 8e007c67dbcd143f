"""How configs of both styles of MMEngine name types and scopes."""

import pytest
from mmengine.config import Config
from mmengine.config.lazy import LazyObject
from mmengine.optim import AmpOptimWrapper
from mmengine.registry import DefaultScope, init_default_scope
from mmpretrain.models import ResNet
from torch import nn

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from hirl_mm.models import HIRLAlgorithm, HIRLMoCo
from hirl_mm.registry import enter_scope, scope_of, type_name
from tests.runs import ROOT


@pytest.mark.parametrize(
    ('kind', 'name'),
    [
        ('HIRLMoCo', 'HIRLMoCo'),
        ('hirl_mm.HIRLMoCo', 'HIRLMoCo'),
        ('hirl_mm.models.selfsup.hirl_methods.HIRLMoCo', 'HIRLMoCo'),
        (HIRLMoCo, 'HIRLMoCo'),
        (LazyObject('hirl_mm.models', 'HIRLMoCo'), 'HIRLMoCo'),
        (LazyObject('hirl_mm.models').HIRLMoCo, 'HIRLMoCo'),
        (load_pretrained, 'load_pretrained'),
        (None, ''),
    ],
)
def test_name_of_a_type(kind, name):
    assert type_name(kind) == name


@pytest.mark.parametrize(
    ('cfg', 'scope'),
    [
        (dict(default_scope='mmseg', model=dict(type=ResNet)), 'mmseg'),
        (dict(default_scope=None, model=dict(type=HIRLMoCo)), 'mmpretrain'),
        (dict(model=dict(type='ResNet')), 'mmpretrain'),
        (dict(model=dict(type=nn.Linear)), 'mmpretrain'),
        (dict(), 'mmpretrain'),
    ],
)
def test_scope_of_a_config(cfg, scope):
    assert scope_of(Config(cfg)) == scope
    init_default_scope('mmengine')
    enter_scope(Config(cfg))
    assert DefaultScope.get_current_instance().scope_name == scope


def test_scope_of_a_class_of_another_package():
    detector = type('Own', (type('Base', (), dict(__module__='mmdet.x')),), {})
    assert scope_of(dict(model=dict(type=detector))) == 'mmdet'


@pytest.mark.parametrize(
    'kind', ['AmpOptimWrapper', 'mmengine.AmpOptimWrapper', AmpOptimWrapper]
)
def test_mixed_precision_is_off_without_an_accelerator(kind):
    cfg = Config(dict(optim_wrapper=dict(type=kind, loss_scale='dynamic')))
    fit_to_cpu(cfg)
    assert cfg.optim_wrapper == dict(type='OptimWrapper')


def test_model_of_a_new_style_config():
    cfg = Config.fromfile(ROOT / 'tests/new_style/hirl_byol.py')
    model = load_pretrained(cfg, None)
    assert isinstance(model, HIRLAlgorithm) and not model.training
