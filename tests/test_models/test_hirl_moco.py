import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmpretrain.models.selfsup import MoCo
from mmpretrain.structures import DataSample

from hirl_mm.models.losses import semantic_path_loss
from hirl_mm.registry import MODELS
from tests.trees import random_tree

NUMS = (9, 4, 2)


def build(**options):
    """A narrow MoCo, or another type of the same parts."""
    init_default_scope('mmpretrain')
    cfg = dict(
        type='MoCo',
        queue_len=24,
        feat_dim=16,
        momentum=0.5,
        backbone=dict(
            type='ResNet',
            depth=18,
            base_channels=8,
            stem_channels=8,
            zero_init_residual=False,
        ),
        neck=dict(
            type='MoCoV2Neck',
            in_channels=64,
            hid_channels=32,
            out_channels=16,
        ),
        head=dict(
            type='ContrastiveHead',
            loss=dict(type='CrossEntropyLoss'),
            temperature=0.2,
        ),
    )
    model = MODELS.build(ConfigDict(cfg | options))
    model.init_weights()
    return model.train()


HIRL = dict(
    type='hirl_mm.HIRLMoCo',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        in_channels=16,
        num_levels=3,
        num_negatives=None,
    ),
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build(**HIRL)


@pytest.fixture
def views():
    return [torch.randn(8, 3, 32, 32), torch.randn(8, 3, 32, 32)]


def samples(sample_idx):
    return [DataSample(metainfo=dict(sample_idx=i)) for i in sample_idx]


IDX = [30, 2, 17, 5, 44, 8, 9, 21]


def without_randomness(model, views, data_samples):
    """The losses, of a copy, with the shuffling of the batch fixed."""
    model = copy.deepcopy(model)
    torch.manual_seed(3)
    return model.loss(views, data_samples)


def test_own_loss_is_untouched(model, views):
    losses = without_randomness(model, views, samples(IDX))
    assert 'loss_spd' not in losses
    assert 'loss' not in losses
    plain = copy.deepcopy(model)
    torch.manual_seed(3)
    expected = MoCo.loss(plain, views, samples(IDX))['loss']
    assert torch.equal(losses['loss_ssl'], expected)


def test_path_loss_is_that_of_view_zero_and_of_the_samples_leaves(
    model, views
):
    tree = random_tree(NUMS, dim=16, num_samples=50)
    model.set_tree(tree)
    losses = without_randomness(model, views, samples(IDX))
    z0 = model.neck(model.backbone(views[0]))[0]
    leaf = tree.leaf[torch.tensor(IDX)]
    assert len(leaf.unique()) > 3
    embeddings = [project((z0,))[0] for project in model.spd_head.projections]
    expected = semantic_path_loss(embeddings, tree, leaf, None)
    torch.testing.assert_close(losses['loss_spd'], expected)
    shuffled = without_randomness(model, views, samples(IDX[::-1]))
    assert abs(shuffled['loss_spd'] - expected) > 1e-3
    swapped = without_randomness(model, views[::-1], samples(IDX))
    assert abs(swapped['loss_spd'] - expected) > 1e-3


def test_gradients_of_the_path_loss(model, views):
    tree = random_tree(NUMS, dim=16, num_samples=50)
    model.set_tree(tree)
    model.loss(views, samples(IDX))['loss_spd'].backward()
    for module in (model.backbone, model.neck, *model.spd_head.projections):
        assert all(p.grad.abs().sum() > 0 for p in module.parameters())
    assert all(p.grad is None for p in model.encoder_k.parameters())
    assert all(c.grad is None for c in model.tree.centroids)


def test_no_gradient_for_the_heads_without_a_tree(model, views):
    losses = model.loss(views, samples(IDX))
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is None for p in model.spd_head.parameters())
    assert all(p.grad is not None for p in model.backbone.parameters())


def test_features_to_cluster_are_those_of_the_key_encoder(model, views):
    model.loss(views, samples(IDX))
    with torch.no_grad():
        for parameter in model.neck.parameters():
            parameter.add_(0.3)
    model.eval()
    found = model.extract_z0(views[0])
    torch.testing.assert_close(found, model.encoder_k(views[0])[0])
    online = model.neck(model.backbone(views[0]))[0]
    assert not torch.allclose(found, online)


def test_key_encoder_starts_as_the_query_encoder(model, views):
    """Before any step: a tree of epoch 0 is built from it."""
    model.eval()
    torch.testing.assert_close(
        model.extract_z0(views[0]), model.neck(model.backbone(views[0]))[0]
    )


def test_collapsed_embeddings_have_no_spread(model, views):
    spread = model.loss(views, samples(IDX))['z0_std']
    with torch.no_grad():
        last = list(model.neck.parameters())[-2:]
        last[0].zero_()
        last[1].fill_(1.0)
    assert model.loss(views, samples(IDX))['z0_std'] < 1e-6 < spread


def test_tree_is_no_part_of_the_weights(model):
    before = set(model.state_dict())
    model.set_tree(random_tree(NUMS, dim=16))
    assert set(model.state_dict()) == before


def test_heads_do_not_disturb_the_weights_of_the_method():
    """Same seed, same weights, with and without the heads."""
    states = []
    for options in ({}, HIRL):
        torch.manual_seed(7)
        model = build(**options)
        states.append((model.backbone.state_dict(), torch.get_rng_state()))
    (plain, plain_rng), (hirl, hirl_rng) = states
    assert torch.equal(plain_rng, hirl_rng)
    assert all(torch.equal(plain[key], hirl[key]) for key in plain)
