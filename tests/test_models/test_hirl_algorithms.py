import copy
from dataclasses import replace

import pytest
import torch
from mmpretrain.structures import DataSample

from hirl_mm.losses import semantic_path_loss
from hirl_mm.structures import NO_LEAF
from tests.algorithms import (
    DIM,
    PLAIN,
    build,
    features_of,
    last_trained,
    step_samples,
    z0_of,
)
from tests.samples import IDX
from tests.trees import random_tree

NUMS = (9, 4, 2)
AVERAGES = {
    'HCCL': None,
    'MoCo': 'encoder_k',
    'SimSiam': None,
    'SwAV': None,
    'MoCoV3': 'momentum_encoder',
    'BYOL': 'target_net',
    'DINO': 'teacher',
    'iBOT': 'teacher',
    'BEiT': None,
}


@pytest.fixture(params=AVERAGES)
def name(request):
    torch.manual_seed(0)
    return request.param


@pytest.fixture
def model(name):
    return build(name, hirl=True)


@pytest.fixture
def average(name, model):
    """The moving average of backbone and neck, or None."""
    return AVERAGES[name] and getattr(model, AVERAGES[name])


@pytest.fixture
def views():
    return [torch.randn(8, 3, 32, 32), torch.randn(8, 3, 32, 32)]


def losses_of(name, model, views, sample_idx=IDX):
    """The losses, of a copy, with the shuffling of the batch fixed."""
    model = copy.deepcopy(model)
    torch.manual_seed(3)
    return model.loss(views, step_samples(name, sample_idx))


def test_every_plain_method_is_covered():
    assert set(AVERAGES) == set(PLAIN)


def test_own_loss_is_untouched(name, model, views):
    """Without and with a tree, it is that of the plain class."""
    plain = build(name)
    state = model.state_dict()
    plain.load_state_dict({k: state[k] for k in plain.state_dict()})
    expected = losses_of(name, plain, views)
    if 'loss' in expected:
        expected['loss_ssl'] = expected.pop('loss')
    losses = losses_of(name, model, views)
    assert set(losses) == {*expected, 'z0_std'}
    model.set_tree(random_tree(NUMS, dim=DIM))
    with_tree = losses_of(name, model, views)
    assert set(with_tree) == {*expected, 'z0_std', 'loss_spd'}
    for key, value in expected.items():
        assert torch.equal(losses[key], value)
        assert torch.equal(with_tree[key], value)


@pytest.mark.parametrize(
    'name', sorted(AVERAGES.keys() - {'SwAV'}), indirect=True
)
def test_path_loss_is_that_of_view_zero_and_of_the_samples_leaves(
    name, model, views
):
    """SwAV's, which assigns anew, is in test_hirl_swav.py."""
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    model.set_tree(tree)
    found = losses_of(name, model, views)['loss_spd']
    z0 = z0_of(name, model, views, step_samples(name, IDX))
    leaf = tree.leaf[torch.tensor(IDX)]
    assert len(leaf.unique()) > 3
    embeddings = [project(z0) for project in model.spd_head.projections]
    expected = semantic_path_loss(embeddings, tree, leaf, None)
    torch.testing.assert_close(found, expected)
    shuffled = losses_of(name, model, views, IDX[::-1])['loss_spd']
    swapped = losses_of(name, model, views[::-1])['loss_spd']
    assert abs(shuffled - expected) > 1e-4
    assert abs(swapped - expected) > 1e-4


@pytest.mark.parametrize(
    'name', ['BYOL', 'DINO', 'HCCL', 'MoCoV3', 'SimSiam'], indirect=True
)
def test_path_loss_of_two_views(name, views):
    """Both follow the path of their image, whether seen at once or in turn."""
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    model = build(name, hirl=True, spd_views=2)
    model.set_tree(tree)
    losses = losses_of(name, model, views)
    z0 = [features_of(name, model, view) for view in views]
    embeddings = [p(torch.cat(z0)) for p in model.spd_head.projections]
    leaf = tree.leaf[torch.tensor(2 * IDX)]
    expected = semantic_path_loss(embeddings, tree, leaf, None)
    torch.testing.assert_close(losses['loss_spd'], expected)
    unit = torch.nn.functional.normalize(z0[0], dim=1)
    spread = unit.std(dim=0, correction=0).mean()
    torch.testing.assert_close(losses['z0_std'], spread)


@pytest.mark.parametrize('name', ['MoCo', 'BEiT'], indirect=True)
def test_more_views_than_have_gradients(name, views):
    model = build(name, hirl=True, spd_views=2)
    with pytest.raises(ValueError, match='spd_views=2 needs 16 embeddings, '):
        losses_of(name, model, views)


def test_number_of_views_of_the_path_loss():
    with pytest.raises(ValueError, match='spd_views must be at least 1, got'):
        build('SimSiam', hirl=True, spd_views=0)
    with pytest.raises(ValueError, match='must be 1 as batches have several'):
        build('CsMl', hirl=True, spd_views=2)


@pytest.mark.parametrize('name', ['MoCo', 'BEiT'], indirect=True)
def test_images_without_a_leaf_get_the_nearest_one(name, model, views):
    """They could not be read when the tree was built, but can now."""
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    without = tree.leaf.clone()
    without[IDX[:3]] = NO_LEAF
    z0 = z0_of(name, model, views, step_samples(name, IDX))
    cosines = torch.nn.functional.normalize(z0, dim=1) @ tree.centroids[0].T
    leaf = tree.leaf[IDX]
    leaf[:3] = cosines[:3].argmax(1)
    assert not torch.equal(leaf, tree.leaf[IDX])
    model.set_tree(replace(tree, leaf=without))
    found = losses_of(name, model, views)['loss_spd']
    embeddings = [project(z0) for project in model.spd_head.projections]
    expected = semantic_path_loss(embeddings, tree, leaf, None)
    torch.testing.assert_close(found, expected)


def test_gradients_of_the_path_loss(name, model, average, views):
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    model.set_tree(tree)
    data_samples = step_samples(name, IDX)
    model.loss(views, data_samples)['loss_spd'].backward()
    trained_modules = {model.backbone, last_trained(name, model)}
    for module in (*trained_modules, *model.spd_head.projections):
        trained = [p for p in module.parameters() if p.requires_grad]
        assert trained
        assert all(p.grad is not None for p in trained)
        assert any(p.grad.abs().sum() > 0 for p in trained)
    for frozen in (average, model.target_generator):
        if frozen is not None:
            assert all(p.grad is None for p in frozen.parameters())
    assert all(c.grad is None for c in model.tree.centroids)


def test_no_gradient_for_the_heads_without_a_tree(name, model, views):
    losses = model.loss(views, step_samples(name, IDX))
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is None for p in model.spd_head.parameters())
    assert any(p.grad is not None for p in model.backbone.parameters())


def test_features_to_cluster_are_those_of_the_right_network(
    name, model, average, views
):
    model.loss(views, step_samples(name, IDX))
    with torch.no_grad():
        for parameter in last_trained(name, model).parameters():
            parameter.add_(torch.randn_like(parameter))
    model.eval()
    found = model.extract_z0(views[0])
    online = features_of(name, model, views[0])
    if average is None:
        torch.testing.assert_close(found, online)
    else:
        expected = average(views[0])
        if isinstance(expected, tuple):
            expected = expected[0]
        torch.testing.assert_close(found, expected)
        assert not torch.allclose(found, online)


def test_moving_average_starts_as_the_trained_network(name, model, views):
    """Before any step: a tree of epoch 0 is built from it."""
    model.eval()
    torch.testing.assert_close(
        model.extract_z0(views[0]), features_of(name, model, views[0])
    )


def test_collapsed_embeddings_have_no_spread(views):
    model = build('MoCo', hirl=True)
    data_samples = step_samples('MoCo', IDX)
    spread = model.loss(views, data_samples)['z0_std']
    with torch.no_grad():
        weight, bias = list(model.neck.parameters())[-2:]
        weight.zero_()
        bias.fill_(1.0)
    assert model.loss(views, data_samples)['z0_std'] < 1e-6 < spread


def test_state_adds_the_heads_alone(name, model):
    plain, hirl = build(name).state_dict(), model.state_dict()
    assert plain.keys() <= hirl.keys()
    added = hirl.keys() - plain.keys()
    assert added and all(key.startswith('spd_head.') for key in added)
    model.set_tree(random_tree(NUMS, dim=DIM))
    assert model.state_dict().keys() == hirl.keys()


def test_heads_do_not_disturb_the_weights_of_the_method(name):
    """Same seed, same weights, with and without the heads."""
    states = []
    for hirl in (False, True):
        torch.manual_seed(7)
        model = build(name, hirl)
        states.append((model.backbone.state_dict(), torch.get_rng_state()))
    (plain, plain_rng), (hirl, hirl_rng) = states
    assert torch.equal(plain_rng, hirl_rng)
    assert all(torch.equal(plain[key], hirl[key]) for key in plain)


def test_head_of_another_dimension(name):
    with pytest.raises(ValueError, match='has 16 dim.*use in_channels=16'):
        build(
            name,
            hirl=True,
            spd_head=dict(type='hirl_mm.SPDHead', in_channels=20),
        )


def test_head_whose_dimension_follows(name, model):
    head = dict(type='hirl_mm.SPDHead', num_levels=3, num_negatives=None)
    found = build(name, hirl=True, spd_head=head)
    assert found.spd_head.in_channels == DIM
    shapes = {key: value.shape for key, value in model.state_dict().items()}
    assert shapes == {
        key: value.shape for key, value in found.state_dict().items()
    }


@pytest.mark.parametrize('name', ['SimSiam'], indirect=True)
def test_embedding_that_does_not_fit_the_head(name, model, views):
    """Said in the first step, not only when there is a tree."""
    model.z0_module = 'backbone'
    with pytest.raises(ValueError, match='in_channels=16.*64 dimensions'):
        model.loss(views, step_samples(name, IDX))


@pytest.mark.parametrize(
    'name', ['MoCo', 'SimSiam', 'MoCoV3', 'BEiT'], indirect=True
)
def test_fewer_views_than_the_method_needs(name, model, views):
    data_samples = step_samples(name, IDX)
    for fewer in (views[:1], views[0]):
        with pytest.raises(ValueError, match='needs 2 views .* makes 1: use'):
            model.loss(fewer, data_samples)


def test_samples_without_an_index(model, views):
    with pytest.raises(ValueError, match="leave 'sample_idx' in the meta"):
        model.loss(views, [DataSample() for _ in IDX])


def test_beit_of_several_blocks():
    backbone = dict(PLAIN['BEiT']['backbone'], out_indices=[0, 1])
    with pytest.raises(ValueError, match=r'out_indices=\[0, 1\]: leave'):
        build('BEiT', hirl=True, backbone=backbone)
