"""What of a recipe stays in the workers, and what goes to the device."""

import copy
from pathlib import Path

import mmpretrain
import pytest
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS, TRANSFORMS

from hirl_mm.datasets.transforms import PackWholeImage
from hirl_mm.engine.runtime.config_file import ConfigError
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.registry import type_name
from tests.device_recipes import RECIPES, recipe

MMPRETRAIN = Path(mmpretrain.__file__).parent / '.mim/configs'
# Views of an image, and what workers do besides loading and packing.
EXPECTED = {
    'MoCo v2': ([2], []),
    'SimSiam': ([2], []),
    'SwAV': ([2, 6], []),
    'MoCo v3': ([1, 1], []),
    'HCCL': ([1, 1], []),
    'CsMl': ([2], []),
    'CsMl, multi-crop': ([2, 6], []),
    'DINO': ([1, 1, 10], []),
    'iBOT': ([1, 1, 10], ['BlockMask']),
    'SS-PRL': ([2, 6], []),
    'BEiT': ([1], ['BEiTBlockMask']),
}


@pytest.fixture(autouse=True, params=['mmpretrain', 'mmengine'])
def scope(request):
    """Also before a Runner enters the scope of its config."""
    with DefaultScope.overwrite_default_scope(request.param):
        yield


@pytest.mark.parametrize('method', RECIPES)
def test_every_recipe(method):
    cfg = recipe(method)
    before = copy.deepcopy(cfg)
    cfg.views = 'device'
    place_views(cfg)
    num_views, kept = EXPECTED[method]
    pipeline = cfg.train_dataloader.dataset.pipeline
    names = [type_name(step.type) for step in pipeline]
    assert names == ['LoadImage', *kept, 'PackWholeImage']
    model = with_data_preprocessor(cfg)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        preprocessor = MODELS.build(model['data_preprocessor'])
    assert isinstance(preprocessor, DeviceViews)
    assert preprocessor.num_views == tuple(num_views)
    own = preprocessor.data_preprocessor
    own_cfg = with_data_preprocessor(before)['data_preprocessor']
    for key, value in own_cfg.items():
        if key in ('mean', 'std', 'second_mean', 'second_std'):
            assert getattr(own, key).flatten().tolist() == pytest.approx(value)
    packs = TRANSFORMS.build(pipeline[-1])
    assert isinstance(packs, PackWholeImage)
    meta_keys = before.train_dataloader.dataset.pipeline[-1].get('meta_keys')
    assert meta_keys is None or list(packs.meta_keys) == list(meta_keys)
    assert cfg.default_hooks.device_views.type == 'hirl_mm.DeviceViewsHook'
    # Feature passes keep their pipelines.
    del cfg.default_hooks['device_views']
    assert cfg.default_hooks == before.default_hooks


@pytest.mark.parametrize(
    ('name', 'num_views', 'kept'),
    [
        ('byol/byol_resnet50_16xb256-coslr-200e_in1k', (1, 1), []),
        ('mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k', (1,), []),
        ('simclr/simclr_resnet50_16xb256-coslr-200e_in1k', (2,), []),
    ],
)
def test_recipes_of_mmpretrain(name, num_views, kept):
    cfg = Config.fromfile(MMPRETRAIN / f'{name}.py')
    cfg.views = 'device'
    place_views(cfg)
    pipeline = cfg.train_dataloader.dataset.pipeline
    names = [type_name(step.type) for step in pipeline]
    assert names == ['LoadImageFromFile', *kept, 'PackWholeImage']
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        preprocessor = MODELS.build(
            with_data_preprocessor(cfg)['data_preprocessor']
        )
    assert preprocessor.num_views == num_views


def test_a_recipe_that_resizes_with_opencv():
    """Its crop does not stay in the workers without a word."""
    name = 'simmim/simmim_swin-base-w6_16xb128-amp-coslr-100e_in1k-192px.py'
    cfg = Config.fromfile(MMPRETRAIN / name)
    cfg.views = 'device'
    with pytest.raises(ConfigError, match=r"OpenCV.* Set backend='pillow'"):
        place_views(copy.deepcopy(cfg))
    cfg.train_dataloader.dataset.pipeline[1].backend = 'pillow'
    place_views(cfg)
    pipeline = cfg.train_dataloader.dataset.pipeline
    names = [type_name(step.type) for step in pipeline]
    assert names[1:] == ['SimMIMMaskGenerator', 'PackWholeImage']


@pytest.mark.parametrize('views', [None, 'cpu'])
def test_workers_keep_the_views(views):
    cfg = recipe('MoCo v2')
    if views is not None:
        cfg.views = views
    before = copy.deepcopy(cfg)
    place_views(cfg)
    assert cfg.to_dict() == before.to_dict()


def test_a_preprocessor_of_the_model():
    cfg = recipe('MoCo v2')
    cfg.views = 'device'
    cfg.model.data_preprocessor = cfg.pop('data_preprocessor')
    place_views(cfg)
    assert cfg.model.data_preprocessor.type == 'hirl_mm.DeviceViews'
    assert 'data_preprocessor' not in cfg


def test_several_data_sets():
    cfg = recipe('MoCo v2')
    cfg.views = 'device'
    part = cfg.train_dataloader.dataset
    other = copy.deepcopy(part)
    cfg.train_dataloader.dataset = ConfigDict(
        type='ConcatDataset',
        datasets=[part, dict(type='RepeatDataset', times=2, dataset=other)],
    )
    different = copy.deepcopy(cfg)
    place_views(cfg)
    datasets = cfg.train_dataloader.dataset.datasets
    for dataset in datasets[0], datasets[1].dataset:
        assert len(dataset.pipeline) == 2
    inner = different.train_dataloader.dataset.datasets[1].dataset
    inner.pipeline[1].transforms[0][0].scale = 96
    with pytest.raises(ConfigError, match='have different views'):
        place_views(different)


FLIP = dict(type='RandomFlip', prob=0.5)
ROTATE = dict(type='Rotate', angle=15.0, prob=0.5)


def change(method, edit):
    cfg = recipe(method)
    cfg.views = 'device'
    edit(cfg.train_dataloader.dataset.pipeline)
    return cfg


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (
            lambda steps: steps[1].transforms[0].append(ROTATE),
            r'Rotate has no form for the device.*views=.cpu.*angle=15',
        ),
        (
            lambda steps: steps.insert(2, dict(ROTATE)),
            'Rotate comes after the views',
        ),
        (
            lambda steps: steps[1].transforms[0][0].update(backend='cv2'),
            r'RandomResizedCrop resizes with OpenCV.*backend=.pillow',
        ),
        (
            lambda steps: (
                steps[1].transforms[0][4].update(direction='vertical')
            ),
            'RandomFlip has a form for the device only if horizontal',
        ),
        (
            lambda steps: steps.__setitem__(
                slice(1, 2),
                [dict(steps[1].transforms[0][0], backend='cv2'), FLIP],
            ),
            'RandomResizedCrop resizes with OpenCV',
        ),
        (
            lambda steps: steps.pop(),
            'ends with PackInputs, got LoadImage, Mul',
        ),
        (
            lambda steps: steps.__setitem__(1, dict(ROTATE)),
            'no transform of the pipeline has a form for the device',
        ),
        (
            lambda steps: steps[1].transforms[0][1].transforms.append(ROTATE),
            'only with one transform inside, got 2',
        ),
    ],
)
def test_what_has_no_form_for_the_device(edit, message):
    with pytest.raises(ConfigError, match=message):
        place_views(change('MoCo v2', edit))


def test_unknown_place():
    cfg = recipe('MoCo v2')
    cfg.views = 'gpu'
    with pytest.raises(ConfigError, match="'cpu' or 'device', got 'gpu'"):
        place_views(cfg)


def test_classifiers_are_refused():
    cfg = recipe('MoCo v2')
    cfg.views = 'device'
    cfg.model = dict(type='mmpretrain.ImageClassifier')
    with pytest.raises(ConfigError, match='is an ImageClassifier: use views='):
        place_views(cfg)
