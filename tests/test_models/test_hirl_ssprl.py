"""HIRL around SS-PRL: a tree over whole images or over patches."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope

from hirl_mm.features import FeatureBank
from hirl_mm.losses import semantic_path_loss
from hirl_mm.models import HIRLSSPRL
from hirl_mm.registry import MODELS
from tests.algorithms import DIM, build, plain_config
from tests.samples import IDX, samples
from tests.test_models.test_ssprl import embeddings, model_of, views_of
from tests.trees import random_tree

NUMS = 9, 4, 2


def tree_around(rows):
    """A tree whose leaves the embeddings (n, D) tell apart."""
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    mean = rows.mean(0)
    scale = (rows - mean).std()
    for centroid in tree.centroids:
        centroid.copy_(F.normalize(mean + 4 * scale * centroid))
    return tree


def projected(model, views, scale):
    """Before L2 normalisation, of views one by one, (V, B, D)."""
    model = copy.deepcopy(model)
    for projection in model.neck.scales:
        projection.with_l2norm = False
    with torch.no_grad():
        return embeddings(model, views, scale)


@pytest.mark.parametrize(
    ('scale', 'first', 'second'),
    [
        (0, slice(0, 1), slice(1, 2)),
        (1, slice(3, 7), slice(7, 11)),
        (2, slice(11, 20), slice(20, 29)),
    ],
)
def test_paths_of_the_first_group_with_leaves_of_the_second(
    scale, first, second
):
    model = model_of(hirl=True, running=True, tree_scale=scale)
    views = views_of()
    z0 = projected(model, views[first], scale).flatten(0, 1)
    other = projected(model, views[second], scale).flatten(0, 1)
    tree = tree_around(other)
    leaf = (F.normalize(other, dim=1) @ tree.centroids[0].T).argmax(1)
    own = (F.normalize(z0, dim=1) @ tree.centroids[0].T).argmax(1)
    assert len(leaf.unique()) > 1
    assert not torch.equal(leaf, own)
    model.set_tree(tree)
    projections = copy.deepcopy(model.spd_head).projections
    expected = semantic_path_loss(
        [project(z0) for project in projections], tree, leaf, None
    )
    found = copy.deepcopy(model).loss(views, samples(IDX[:4]))
    torch.testing.assert_close(
        found['loss_spd'], expected, atol=1e-4, rtol=1e-4
    )
    # Where an image is in the data set does not matter.
    again = copy.deepcopy(model).loss(views, samples(IDX[4:]))
    assert torch.equal(again['loss_spd'], found['loss_spd'])


@pytest.mark.parametrize('scale', [0, 2])
def test_losses_of_ssprl_stay(scale):
    model = model_of(hirl=True, tree_scale=scale)
    plain = model_of()
    state = model.state_dict()
    plain.load_state_dict({key: state[key] for key in plain.state_dict()})
    expected = plain.loss(views_of(), samples(IDX[:4]))
    model.set_tree(random_tree(NUMS, dim=DIM, num_samples=50))
    found = model.loss(views_of(), samples(IDX[:4]))
    assert set(found) == {*expected, 'loss_spd', 'z0_std'}
    for name, loss in expected.items():
        assert torch.equal(found[name], loss)


@pytest.mark.parametrize('scale', [0, 1])
def test_features_to_cluster_are_projections_of_the_scale(scale):
    model = model_of(hirl=True, tree_scale=scale).eval()
    images = views_of()[3]
    expected = projected(model, [images], scale)[0]
    with torch.no_grad():
        torch.testing.assert_close(model.extract_z0(images), expected)


def test_a_bank_of_whole_images():
    model = model_of(hirl=True, running=True)
    bank = FeatureBank(50)
    model.set_bank(bank)
    views = views_of()
    expected = projected(model, views[:1], 0)[0]
    model.loss(views, samples(IDX[:4]))
    sample_idx, rows = bank.rows()
    assert sample_idx.tolist() == IDX[:4]
    torch.testing.assert_close(rows, expected, atol=1e-5, rtol=1e-4)


def test_no_bank_of_patches():
    model = model_of(hirl=True, tree_scale=1)
    with pytest.raises(ValueError, match="tree_scale=1 .* mode='faithful'"):
        model.set_bank(FeatureBank(50))
    model.set_bank(None)


@pytest.mark.parametrize('scale', [-1, 3])
def test_no_such_scale(scale):
    with pytest.raises(ValueError, match=f'tree_scale={scale} must be one'):
        build('SSPRL', hirl=True, tree_scale=scale)


def test_around_a_config():
    init_default_scope('mmpretrain')
    model = MODELS.build(
        ConfigDict(
            type='hirl_mm.HIRLAlgorithm',
            algorithm=plain_config('SSPRL') | dict(tree_scale=2),
            spd_head=dict(type='hirl_mm.SPDHead'),
        )
    )
    assert type(model) is HIRLSSPRL
    assert model.z0_module == 'neck.scales.2.projection_neck'
    assert model.spd_head.in_channels == DIM
