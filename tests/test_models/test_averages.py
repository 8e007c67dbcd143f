"""Moving averages start from what was loaded, unless the file has them."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.runner import load_checkpoint
from mmpretrain.models.selfsup import DenseCL, MoCo
from torch import nn

from hirl_mm.models import HIRLAlgorithm
from hirl_mm.models.modules import average_sources, with_averages
from hirl_mm.registry import MODELS
from tests.algorithms import PLAIN, build
from tests.trained_files import save, trained

MOCO = {
    'encoder_k.module.0.': 'backbone.',
    'encoder_k.module.1.': 'neck.',
}
TEACHER = {
    'teacher.backbone.': 'backbone.',
    'teacher.neck.': 'neck.',
    'teacher.last_layer.': 'head.last_layer.',
}
SOURCES = {
    'MoCo': MOCO,
    'MoCoV3': {
        k.replace('encoder_k', 'momentum_encoder'): v for k, v in MOCO.items()
    },
    'BYOL': {k.replace('encoder_k', 'target_net'): v for k, v in MOCO.items()},
    'DINO': TEACHER,
    'iBOT': TEACHER,
    'HCCL': {},
    'SimSiam': {},
    'SwAV': {},
    'BEiT': {},
}
AVERAGED = [name for name, sources in SOURCES.items() if sources]


def equal(model, average, source):
    """Whether an average has the weights of a network of the model."""
    one, other = (
        {
            key.removeprefix(start): value
            for key, value in model.state_dict().items()
            if key.startswith(start)
        }
        for start in (average, source)
    )
    assert one.keys() == other.keys() != set()
    return all(torch.equal(value, other[key]) for key, value in one.items())


@pytest.mark.parametrize('hirl', [False, True])
@pytest.mark.parametrize('name', SOURCES)
def test_which_networks_are_averages(name, hirl):
    model = trained(name) if hirl else build(name)
    assert average_sources(model) == SOURCES[name]


def of_trained(name, *starts):
    """A model as after some training, and weights of it with these starts."""
    source = trained(name)
    state = source.state_dict()
    return source, {k: v for k, v in state.items() if k.startswith(starts)}


def fresh(name):
    torch.manual_seed(5)
    return build(name, hirl=True)


@pytest.mark.parametrize('name', AVERAGED)
def test_file_of_a_backbone(name, tmp_path):
    source, state = of_trained(name, 'backbone.')
    model = fresh(name)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    load_checkpoint(model, save(state, tmp_path))
    for average, trained_part in SOURCES[name].items():
        assert equal(model, average, trained_part)
    for key, value in state.items():
        assert torch.equal(model.state_dict()[key], value)
    for key, value in model.state_dict().items():
        if not key.startswith(('backbone.', *SOURCES[name])):
            assert torch.equal(value, before[key]), key


@pytest.mark.parametrize('name', AVERAGED)
def test_file_with_a_neck(name, tmp_path):
    """Every part that was loaded, not the backbone alone."""
    source, state = of_trained(name, 'backbone.', 'neck.', 'head.')
    model = fresh(name)
    load_checkpoint(model, save(state, tmp_path))
    for average, trained_part in SOURCES[name].items():
        assert equal(model, average, trained_part)
        weights = model.state_dict()
        assert all(
            torch.equal(weights[key], state[key])
            for key in state
            if key.startswith(trained_part)
        )


@pytest.mark.parametrize('name', AVERAGED)
def test_file_that_holds_the_average(name, tmp_path):
    """As a checkpoint of a run: the average is the one of the file."""
    source = trained(name)
    model = fresh(name)
    load_checkpoint(model, save(source.state_dict(), tmp_path))
    for key, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key
    average, trained_part = next(iter(SOURCES[name].items()))
    assert not equal(model, average, trained_part)


@pytest.mark.parametrize('name', AVERAGED)
def test_init_cfg_of_the_backbone(name, tmp_path):
    _, state = of_trained(name, 'backbone.')
    init_cfg = dict(
        type='Pretrained', prefix='backbone.', checkpoint=save(state, tmp_path)
    )
    backbone = dict(PLAIN[name]['backbone'], init_cfg=init_cfg)
    model = build(name, hirl=True, backbone=backbone)
    for average, trained_part in SOURCES[name].items():
        assert equal(model, average, trained_part)
    for key, value in state.items():
        assert torch.equal(model.state_dict()[key], value), key


@pytest.mark.parametrize('name', ['MoCo', 'DINO'])
def test_init_cfg_of_the_whole_model(name, tmp_path):
    """An average of the file is not replaced by a copy."""
    source = trained(name)
    path = save(source.state_dict(), tmp_path)
    init_cfg = dict(type='Pretrained', checkpoint=path)
    model = build(name, hirl=True, init_cfg=init_cfg)
    for key, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key


def test_init_cfg_of_the_whole_model_with_a_file_of_its_backbone(tmp_path):
    _, state = of_trained('MoCo', 'backbone.')
    path = save(state, tmp_path)
    init_cfg = dict(type='Pretrained', checkpoint=path)
    model = build('MoCo', hirl=True, init_cfg=init_cfg)
    assert equal(model, 'encoder_k.module.0.', 'backbone.')
    assert equal(model, 'encoder_k.module.1.', 'neck.')


def test_densecl_around_which_hirl_was_composed(tmp_path):
    neck = dict(
        type='DenseCLNeck',
        in_channels=64,
        hid_channels=16,
        out_channels=16,
        num_grid=None,
    )
    algorithm = dict(
        PLAIN['MoCo'],
        type=DenseCL,
        neck=neck,
        head=dict(
            type='ContrastiveHead',
            loss=dict(type='CrossEntropyLoss'),
            temperature=0.2,
        ),
    )
    build('MoCo')
    model = MODELS.build(
        ConfigDict(
            type=HIRLAlgorithm,
            algorithm=algorithm,
            z0_module='neck',
            momentum_module='encoder_k',
            spd_head=dict(type='hirl_mm.SPDHead', in_channels=16),
        )
    )
    model.init_weights()
    _, state = of_trained('MoCo', 'backbone.')
    load_checkpoint(model, save(state, tmp_path))
    assert average_sources(model) == MOCO
    assert equal(model, 'encoder_k.module.0.', 'backbone.')
    assert equal(model, 'encoder_k.module.1.', 'neck.')


class AverageOfParts(MoCo):
    """Averages a module with named parts, and the backbone alone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        average = type(self.encoder_k)
        parts = nn.ModuleDict(dict(neck=self.neck, backbone=self.backbone))
        self.encoder_k = average(parts)
        self.second = average(self.backbone)


def test_averages_of_other_forms():
    build('MoCo')
    model = AverageOfParts(**PLAIN['MoCo'])
    assert average_sources(model) == {
        'encoder_k.module.backbone.': 'backbone.',
        'encoder_k.module.neck.': 'neck.',
        'second.module.': 'backbone.',
    }


def test_weights_of_data_parallel_training():
    state = {
        'module.backbone.w': torch.ones(2),
        'module.neck.w': torch.ones(1),
    }
    filled = with_averages(state, dict(MOCO), 'module.')
    assert set(filled) - set(state) == {
        'module.encoder_k.module.0.w',
        'module.encoder_k.module.1.w',
    }
    assert len(state) == 2
