"""Projections of a network level by level, beside direct passes."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint
from mmpretrain.registry import DATASETS
from torch import nn

from hirl_mm.engine.evaluation.level_analysis import analyse_levels
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.evaluation.projector import (
    check_projector,
    level_projections,
)
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.registry import MODELS
from hirl_mm.seeding import seeded
from tests.runs import ROOT

SIMSIAM = ROOT / 'configs/debug/simsiam_resnet18_1xb64-4e_digits.py'
IMAGES = list(range(0, 290, 10))


@MODELS.register_module()
class TwoLevels(nn.Module):
    """Two linear layers after pooling, tapped after each."""

    def __init__(self):
        super().__init__()
        self.low, self.high = nn.Linear(64, 16), nn.Linear(16, 16)

    def forward(self, maps):
        low = self.low(maps[-1].mean(dim=(2, 3)))
        return low, self.high(low)


def config(digits, levels=1):
    """A narrow SimSiam, and 29 validation images."""
    cfg = Config.fromfile(SIMSIAM)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=16, out_channels=16)
    cfg.model.head.predictor.update(
        in_channels=16, hid_channels=8, out_channels=16
    )
    if levels == 2:
        cfg.model.neck = dict(type='TwoLevels', _scope_='hirl_mm')
    for part in cfg.knn_gallery, cfg.knn_queries, cfg.train_dataloader.dataset:
        part.data_root = str(digits)
    cfg.knn_queries.indices = IMAGES
    return cfg


@pytest.fixture(scope='module', params=[1, 2])
def trained(request, digits, tmp_path_factory):
    """A config and a checkpoint with statistics of its own."""
    cfg = config(digits, request.param)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model).train()
    model.init_weights()
    with torch.no_grad():
        for _ in range(5):
            model.neck(model.backbone(torch.randn(16, 3, 32, 32)))
    path = tmp_path_factory.mktemp('trained') / 'epoch_1.pth'
    save_checkpoint(dict(state_dict=model.state_dict()), str(path))
    return cfg, str(path)


def analyse(trained, **options):
    options = dict(num_workers=0, batch_size=8) | options
    return analyse_levels(*trained, **options)


def test_classes_are_those_of_a_direct_pass(trained):
    cfg, checkpoint = trained
    found = analyse(trained)
    model = load_pretrained(cfg, checkpoint)
    samples = [validation_images(cfg)[i] for i in range(len(IMAGES))]
    images = torch.stack([s['inputs'] for s in samples]).float()
    images = (images.flip(1) - 127.5) / 127.5
    labels = [int(s['data_samples'].gt_label) for s in samples]
    with torch.no_grad():
        levels = model.neck(model.backbone(images))
    assert len(found.classes) == len(levels)
    assert list(found.class_names) == [str(i) for i in range(10)]
    for level, distances in zip(levels, found.classes, strict=True):
        cosines = torch.cosine_similarity(level[:, None], level[None], dim=2)
        for kind in ('within', 'between'):
            expected = [
                mean_of(cosines, labels, number, kind) for number in range(10)
            ]
            torch.testing.assert_close(
                getattr(distances, kind).float(),
                torch.tensor(expected),
                atol=1e-5,
                rtol=0,
                equal_nan=True,
            )


def validation_images(cfg):
    return DATASETS.build(cfg.knn_queries)


def mean_of(cosines, labels, number, kind):
    values = [
        1 - cosines[i, j].item()
        for i in range(len(labels))
        for j in range(len(labels))
        if labels[i] == number
        and i != j
        and (labels[j] == number) == (kind == 'within')
    ]
    return sum(values) / len(values) if values else float('nan')


def test_views_are_those_of_the_training(trained):
    """Level i is of the first view, level j of the second."""
    cfg, checkpoint = trained
    found = analyse(trained, seed=5).views
    model = load_pretrained(cfg, checkpoint)
    steps = cfg.train_dataloader.dataset.pipeline
    images = DATASETS.build(dict(cfg.knn_queries, pipeline=steps))
    for number in range(0, len(IMAGES), 9):
        with seeded(5 + number):
            views = images[number]['inputs']
        with torch.no_grad():
            first, second = (
                model.neck(
                    model.backbone((v[None].flip(1).float() - 127.5) / 127.5)
                )
                for v in views
            )
        expected = [
            [1 - torch.cosine_similarity(a, b).item() for b in second]
            for a in first
        ]
        torch.testing.assert_close(
            found[number], torch.tensor(expected), atol=1e-5, rtol=0
        )


def test_views_depend_on_the_seed_alone(trained):
    found = analyse(trained)
    n = len(found.classes)
    assert found.views.shape == (len(IMAGES), n, n)
    again = analyse(trained, batch_size=5, num_workers=1)
    torch.testing.assert_close(again.views, found.views)
    other = analyse(trained, seed=1)
    assert not torch.allclose(other.views, found.views, atol=1e-3)
    assert other.classes[0].within.equal(found.classes[0].within)
    assert found.views.diagonal(dim1=1, dim2=2).max() > 0.001


def test_views_that_are_not_random_agree(trained):
    """Within a level; across levels both orders are the same."""
    cfg, checkpoint = trained
    cfg = Config(cfg.to_dict())
    steps = cfg.train_dataloader.dataset.pipeline
    steps[1].transforms = [[dict(type='mmpretrain.Resize', scale=32)]]
    views = analyse((cfg, checkpoint)).views
    assert views.diagonal(dim1=1, dim2=2).abs().max() < 1e-5
    torch.testing.assert_close(views, views.mT)


def test_views_of_the_device(trained):
    """Of a config as a run with ``views='device'`` saves it."""
    cfg, checkpoint = trained
    cfg = Config(cfg.to_dict() | dict(views='device'))
    steps = cfg.train_dataloader.dataset.pipeline
    steps[1].transforms = [
        [
            dict(
                type='mmpretrain.RandomResizedCrop',
                scale=32,
                backend='pillow',
            )
        ]
    ]
    place_views(cfg)
    found = analyse((cfg, checkpoint))
    assert len(found.views) == len(IMAGES)
    assert torch.equal(analyse((cfg, checkpoint)).views, found.views)
    plain = analyse(trained).classes[0]
    torch.testing.assert_close(found.classes[0].between, plain.between)


@pytest.mark.parametrize('lacking', ['all', 'one'])
def test_projector_that_the_file_lacks(lacking, trained, tmp_path):
    cfg, checkpoint = trained
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    names = [k for k in state if k.startswith('neck.') and 'weight' in k]
    rest = {k: v for k, v in state.items() if k.startswith('backbone.')}
    if lacking == 'one':
        rest = {k: v for k, v in state.items() if k != names[-1]}
    path = str(tmp_path / 'backbone.pth')
    save_checkpoint(dict(state_dict=rest), path)
    with pytest.raises(ValueError, match=r'not hold the projector.*missing'):
        analyse((cfg, path))


def test_diverged_training(trained, tmp_path):
    cfg, checkpoint = trained
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    name = next(k for k in state if k.startswith('neck.') and 'weight' in k)
    state[name] = state[name] * float('nan')
    path = str(tmp_path / 'nan.pth')
    save_checkpoint(dict(state_dict=state), path)
    with pytest.raises(ValueError, match='NaN or infinite: its training has'):
        analyse((cfg, path))


def test_training_with_one_view(trained):
    cfg, checkpoint = trained
    cfg = Config(cfg.to_dict())
    cfg.train_dataloader.dataset.pipeline[1].num_views = 1
    with pytest.raises(ValueError, match='a single view per image'):
        analyse((cfg, checkpoint))


def test_model_without_projections():
    with pytest.raises(ValueError, match='has no projections to compare'):
        check_projector(SimpleNamespace(neck=None), 'x.pth')
    maps = SimpleNamespace(
        backbone=nn.Identity(), neck=lambda images: (images, images[:, 0])
    )
    with pytest.raises(ValueError, match=r'one projection \(B, D\) per level'):
        level_projections(maps, torch.zeros(2, 3, 4, 4))


def test_a_neck_may_return_one_tensor():
    model = SimpleNamespace(backbone=nn.Flatten(), neck=nn.Identity())
    (level,) = level_projections(model, torch.zeros(2, 3, 4, 4))
    assert level.shape == (2, 48)
