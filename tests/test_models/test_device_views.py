"""Views of a batch that the data preprocessor makes."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from hirl_mm.datasets.collate import ragged_collate
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.seeding import seeded
from tests.device_recipes import RECIPES, recipe

SIZES = (40, 60), (33, 20), (64, 64)
# Sides of the views of a method.
SIDES = {
    'MoCo v2': [224] * 2,
    'SimSiam': [224] * 2,
    'SwAV': [224] * 2 + [96] * 6,
    'MoCo v3': [224] * 2,
    'HCCL': [224] * 2,
    'CsMl': [224] * 2,
    'CsMl, multi-crop': [224] * 2 + [96] * 6,
    'DINO': [224] * 2 + [96] * 10,
    'iBOT': [224] * 2 + [96] * 10,
    'SS-PRL': [224] * 2 + [96] * 6 + [112] * 8 + [96] * 18,
    'BEiT': [224, 112],
}


def batch(seed=0):
    """Images of several sizes, as the workers pack and join them."""
    random = np.random.default_rng(seed)
    return ragged_collate(
        [
            dict(
                inputs=torch.from_numpy(
                    random.integers(0, 256, (*size, 3), dtype=np.uint8)
                ),
                data_samples=DataSample(metainfo=dict(sample_idx=i)),
            )
            for i, size in enumerate(SIZES)
        ]
    )


def preprocessor(method):
    init_default_scope('mmpretrain')
    cfg = recipe(method)
    cfg.views = 'device'
    place_views(cfg)
    return MODELS.build(with_data_preprocessor(cfg)['data_preprocessor'])


@pytest.mark.parametrize('method', RECIPES)
def test_views_of_every_recipe(method):
    model = preprocessor(method)
    made = model.with_views(batch())['inputs']
    found = [tuple(views.shape) for views in made]
    assert found == [(3, 3, side, side) for side in SIDES[method]]
    assert all(views.dtype == torch.uint8 for views in made)
    # The data preprocessor of the recipe goes on as if workers had made them.
    out = model(batch(), training=True)
    assert [x.shape[-1] for x in out['inputs']] == SIDES[method]
    assert all(x.dtype == torch.float32 for x in out['inputs'])
    assert [s.sample_idx for s in out['data_samples']] == [0, 1, 2]


def test_normalised_as_before():
    model = preprocessor('BEiT')
    made = model.with_views(batch())
    whole = model(made, training=True)['inputs']
    cfg = with_data_preprocessor(recipe('BEiT'))['data_preprocessor']
    for views, out, kind in zip(
        made['inputs'], whole, ('', 'second_'), strict=True
    ):
        rgb = views.flip(1).double()
        mean, std = (
            torch.tensor(cfg[kind + name], dtype=torch.double).view(3, 1, 1)
            for name in ('mean', 'std')
        )
        expected = (rgb - mean) / std
        assert torch.allclose(out.double(), expected, atol=1e-5)


def test_batches_of_an_evaluation_pass_through():
    model = preprocessor('MoCo v2')
    images = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    out = model(dict(inputs=images, data_samples=None))
    assert torch.equal(
        out['inputs'],
        model.data_preprocessor(dict(inputs=images, data_samples=None))[
            'inputs'
        ],
    )
    assert model.num_batches == 0


def views_at(seed, num_batches):
    model = preprocessor('MoCo v2')
    model.seed, model.num_batches = seed, num_batches
    return torch.stack(model.with_views(batch())['inputs'])


def test_random_numbers_of_a_training():
    """They follow from the seed and the position alone."""
    with seeded(1):
        first = views_at(3, 10)
    with seeded(2):
        assert torch.equal(views_at(3, 10), first)
    assert not torch.equal(views_at(3, 11), first)
    assert not torch.equal(views_at(4, 10), first)
    # The two views of an image differ.
    assert not torch.equal(first[0], first[1])


def test_position_moves_on():
    model = preprocessor('MoCo v2')
    model.seed, model.num_batches = 3, 9
    model.with_views(batch())
    assert model.num_batches == 10
    made = torch.stack(model.with_views(batch())['inputs'])
    assert torch.equal(made, views_at(3, 10))


def test_ranks_have_views_of_their_own(monkeypatch):
    first = views_at(3, 10)
    monkeypatch.setattr(
        'hirl_mm.models.data_preprocessors.device_views.get_rank', lambda: 1
    )
    assert not torch.equal(views_at(3, 10), first)


def test_outside_of_a_training_the_global_seed_counts():
    model = preprocessor('MoCo v2')
    made = []
    for seed in 1, 1, 2:
        with seeded(seed):
            made.append(torch.stack(model.with_views(batch())['inputs']))
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    assert model.num_batches == 0


def test_a_single_view_is_a_tensor():
    """As MAE and SimMIM take it."""
    flip = dict(type='RandomFlip', prob=0.5)
    crop = dict(type='RandomResizedCrop', scale=16, backend='pillow')
    model = MODELS.build(
        dict(
            type='hirl_mm.DeviceViews',
            num_views=1,
            transforms=[[crop, flip]],
            data_preprocessor=dict(mean=[0] * 3, std=[1] * 3),
        )
    )
    assert model(batch())['inputs'].shape == (3, 3, 16, 16)


def test_number_of_kinds():
    cfg = dict(
        type='hirl_mm.DeviceViews',
        num_views=[1, 1],
        transforms=[[]],
        data_preprocessor=dict(),
    )
    with pytest.raises(ValueError, match='one number for each list.*2 and 1'):
        MODELS.build(cfg)
