"""Patches that the data preprocessor makes beside the views."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

from hirl_mm.datasets.view_pipeline import split_pipeline
from hirl_mm.engine.runtime.config_file import ConfigError
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.registry import type_name
from tests.pyramids import batch_of, device_views, pyramid_config
from tests.replayed_views import picture
from tests.runs import ROOT

JITTER = dict(type='mmpretrain.ColorJitter', brightness=0.5)
SCALES = [dict(grid=2, region_size=20, patch_size=8)]
SIZES = (40, 60), (33, 28), (64, 64)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def cfg():
    path = 'configs/demo/ssprl_resnet18_1xb32-20e_digit-scenes.py'
    cfg = Config.fromfile(ROOT / path)
    cfg.views = 'device'
    return cfg


def test_a_recipe(cfg):
    before = copy.deepcopy(cfg)
    place_views(cfg)
    steps = cfg.train_dataloader.dataset.pipeline
    assert [type_name(step.type) for step in steps] == [
        'LoadImage',
        'PackWholeImage',
    ]
    model = MODELS.build(cfg.data_preprocessor)
    assert isinstance(model, DeviceViews)
    assert model.num_views == (2, 4)
    out = model(batch_of([picture(*size) for size in SIZES]), training=True)
    sides = [48] * 2 + [24] * 4 + [28] * 8 + [20] * 18
    shapes = [tuple(views.shape) for views in out['inputs']]
    assert shapes == [(3, 3, side, side) for side in sides]
    assert all(views.dtype == torch.float32 for views in out['inputs'])
    # Normalised as the recipe says.
    assert -1 <= min(views.min() for views in out['inputs']) < -0.7
    pyramid = before.train_dataloader.dataset.pipeline[1]
    for patches, given in zip(model.patches, pyramid.scales, strict=True):
        assert patches.scale.grid == given.grid
        assert patches.scale.region_size == given.region_size
        assert patches.scale.patch_size == given.patch_size
        assert len(patches.patch.steps) == 1 + len(pyramid.patch_transforms)
    assert not model.enlarge_small_images


def test_whole_views_stay_what_they_are_with_patches():
    batch = batch_of([picture(*size) for size in SIZES])
    found = []
    for scales in [], SCALES:
        model = device_views(pyramid_config(scales, [JITTER]))
        model.seed = 3
        made = model.with_views(batch)['inputs']
        found.append(made[0] if scales else made)
    assert torch.equal(found[0], found[1])


def test_random_numbers_follow_seed_and_position():
    batch = batch_of([picture(*size) for size in SIZES])
    model = device_views(pyramid_config(SCALES, [JITTER]))

    def views_at(seed, position):
        model.seed, model.num_batches = seed, position
        made = model.with_views(batch)['inputs'][1:]
        assert model.num_batches == position + 1
        return torch.stack(made)

    first = views_at(3, 10)
    assert torch.equal(views_at(3, 10), first)
    for seed, position in ((3, 11), (4, 10)):
        assert not torch.equal(views_at(seed, position), first)


def test_names_of_small_images_without_samples():
    model = device_views(pyramid_config(SCALES))
    batch = batch_of([picture(40, 40), picture(7, 9)])
    with pytest.raises(ValueError, match=r'image folder/1\.jpg has 7 x 9'):
        model.with_views(batch)
    del batch['data_samples']
    with pytest.raises(ValueError, match='image of a batch has 7 x 9 pixels'):
        model.with_views(batch)


def test_split():
    cfg = pyramid_config(SCALES, [JITTER], enlarge_small_images=True)
    mask = dict(type='hirl_mm.BlockMask')
    steps = [dict(type='hirl_mm.LoadImage'), cfg, mask]
    parts = split_pipeline([*steps, dict(type='PackInputs', meta_keys=[])])
    packed = dict(type='hirl_mm.PackWholeImage', meta_keys=[])
    assert parts.workers == [steps[0], mask, packed]
    assert parts.num_views == [1]
    assert parts.transforms == cfg['transforms']
    assert parts.patches == dict(
        scales=SCALES, transforms=[JITTER], enlarge_small_images=True
    )


def test_patches_that_have_no_form_for_the_device(cfg):
    rotate = dict(type='Rotate', angle=15.0, prob=0.5)
    pyramid = cfg.train_dataloader.dataset.pipeline[1]
    pyramid.patch_transforms = [rotate]
    with pytest.raises(ConfigError, match='Rotate has no form for the device'):
        place_views(cfg)


def test_data_sets_with_different_patches(cfg):
    part = cfg.train_dataloader.dataset
    other = copy.deepcopy(part)
    other.pipeline[1].scales[1].patch_size = 19
    cfg.train_dataloader.dataset = Config(
        dict(type='ConcatDataset', datasets=[part, other])
    )._cfg_dict
    with pytest.raises(ConfigError, match='have different views'):
        place_views(cfg)
