"""HIRL on every self-supervised recipe of MMPreTrain: no hook is lost."""

import inspect
from collections import Counter
from functools import cache
from pathlib import Path

import mmpretrain
import pytest
from mmengine.config import Config
from mmpretrain.models import selfsup

from hirl_mm.engine.hooks import HierarchicalKMeansHook
from hirl_mm.models import HIRLAlgorithm
from hirl_mm.registry import MODELS
from tests.hooks import built_hooks
from tests.weightless import Weightless

FOLDER = Path(mmpretrain.__file__).parent / '.mim/configs'
# By folder of recipes: the dimensions of z0 in its first recipe, and where z0
# is; for a method that hirl_mm has a class for, the class knows.
PLACES = dict(
    barlowtwins=(8192, "z0_module='neck'"),
    beit=(768, ''),
    byol=(256, "z0_module='neck', momentum_module='target_net'"),
    cae=(768, "z0_module='backbone'"),
    densecl=(128, "z0_module='neck', momentum_module='encoder_k'"),
    eva=(768, "z0_module='backbone'"),
    itpn=(512, "z0_module='backbone'"),
    mae=(512, "z0_module='backbone'"),
    maskfeat=(768, "z0_module='backbone'"),
    mff=(768, "z0_module='backbone'"),
    milan=(768, "z0_module='backbone'"),
    mixmim=(1024, "z0_module='backbone'"),
    mocov2=(128, ''),
    mocov3=(256, ''),
    simclr=(128, "z0_module='neck'"),
    simmim=(1024, "z0_module='backbone'"),
    simsiam=(2048, ''),
    swav=(128, ''),
)
# By folder: the reason, as the error gives it.
NOT_COMPOSED = dict(
    beitv2=(
        'backbone returns the blocks .* needs a class of its own',
        (768, ''),
    ),
    # z0 is the first output, here a feature map of the first of four stages,
    # of 96 dimensions; those of the last are told.
    spark=(
        'output of backbone, has 768 dimensions',
        (96, "z0_module='backbone'"),
    ),
)
RECIPES = [
    f'{folder}/{path.name}'
    for folder in (*PLACES, *NOT_COMPOSED)
    for path in sorted(FOLDER.glob(f'{folder}/*coslr*.py'))
]
FIRST = {name.split('/')[0]: name for name in reversed(RECIPES)}


@cache
def base_config(recipe):
    return Config.fromfile(FOLDER / recipe)


def composed(recipe, tmp_path, place='', head='in_channels=128'):
    """The example that README opens with, around a recipe."""
    path = tmp_path / 'composed.py'
    path.write_text(
        '_base_ = [\n'
        f"    'mmpretrain::{recipe}',\n"
        "    'hirl_mm::_base_/kmeans_hook.py',\n"
        ']\n'
        'model = dict(\n'
        '    _delete_=True,\n'
        "    type='hirl_mm.HIRLAlgorithm',\n"
        '    algorithm=_base_.model,\n'
        f"    spd_head=dict(type='hirl_mm.SPDHead', {head}),\n"
        f'    {place}\n'
        ')\n'
        'default_hooks = dict(\n'
        '    kmeans=dict(_base_.kmeans_hook, start_epoch=20)\n'
        ')\n'
        'find_unused_parameters = True\n'
    )
    return Config.fromfile(path)


def built(cfg):
    # MMPreTrain would download the networks that make targets.
    cfg.model.algorithm.pop('target_generator', None)
    with Weightless():
        return MODELS.build(cfg.model)


def test_the_tables_name_every_method():
    methods = {
        name
        for name, kind in inspect.getmembers(selfsup, inspect.isclass)
        if issubclass(kind, selfsup.BaseSelfSupervisor)
    }
    found = {base_config(name).model.type for name in RECIPES}
    assert found == methods - {'BaseSelfSupervisor'}


@pytest.mark.parametrize('recipe', RECIPES)
def test_every_hook_of_the_base_stays(recipe, tmp_path):
    base = built_hooks(base_config(recipe))
    hirl = built_hooks(composed(recipe, tmp_path))
    added = Counter(map(type, hirl)) - Counter(map(type, base))
    assert added == {HierarchicalKMeansHook: 1}
    assert len(hirl) == len(base) + 1
    expected = [vars(hook).keys() for hook in base]
    kept = [h for h in hirl if not isinstance(h, HierarchicalKMeansHook)]
    assert [type(hook) for hook in kept] == [type(hook) for hook in base]
    assert [vars(hook).keys() for hook in kept] == expected


@pytest.mark.parametrize('folder', PLACES)
def test_model_is_composed(folder, tmp_path):
    dim, place = PLACES[folder]
    model = built(composed(FIRST[folder], tmp_path, place, head=''))
    assert isinstance(model, HIRLAlgorithm)
    assert model.spd_head.in_channels == dim
    method = base_config(FIRST[folder]).model.type
    assert isinstance(model, getattr(selfsup, method))


@pytest.mark.parametrize('folder', NOT_COMPOSED)
def test_model_that_is_not_composed(folder, tmp_path):
    reason, (dim, place) = NOT_COMPOSED[folder]
    head = f'in_channels={dim}'
    with pytest.raises(ValueError, match=reason):
        built(composed(FIRST[folder], tmp_path, place, head))
