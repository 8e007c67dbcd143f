"""HIRL around CsMl: anchors alone have paths, and CsMl's losses stay."""

import copy

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict

from hirl_mm.features import FeatureBank
from hirl_mm.losses import semantic_path_loss
from hirl_mm.models import CsMlBYOL, HIRLCsMl
from hirl_mm.registry import MODELS
from tests.algorithms import DIM, build, plain_config
from tests.samples import samples
from tests.trees import random_tree

NUMS = 9, 4, 2
# Two anchors with a positive each.
IDX = [30, 7, 2, 17]
ANCHORS = torch.tensor([30, 2])


def model_of(hirl):
    torch.manual_seed(0)
    return build('CsMl', hirl)


def views_of():
    torch.manual_seed(1)
    return [torch.randn(4, 3, 32, 32) for _ in range(2)]


def step(model):
    torch.manual_seed(2)
    return model.loss(views_of(), samples(IDX))


def test_losses_of_csml_stay():
    model = model_of(True)
    plain = model_of(False)
    state = model.state_dict()
    plain.load_state_dict({key: state[key] for key in plain.state_dict()})
    expected = step(plain)
    expected['loss_ssl'] = expected.pop('loss')
    model.set_tree(random_tree(NUMS, dim=DIM, num_samples=50))
    found = step(model)
    assert set(found) == {*expected, 'loss_spd', 'z0_std'}
    for name, loss in expected.items():
        assert torch.equal(found[name], loss)


def test_paths_are_those_of_the_anchors():
    model = model_of(True)
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    model.set_tree(tree)
    view = views_of()[0][::2]
    z0 = copy.deepcopy(model).neck(copy.deepcopy(model).backbone(view))[0]
    projections = copy.deepcopy(model.spd_head).projections
    found = step(model)['loss_spd']
    embeddings = [project(z0) for project in projections]
    leaf = tree.leaf[ANCHORS]
    assert leaf[0] != leaf[1]
    expected = semantic_path_loss(embeddings, tree, leaf, None)
    torch.testing.assert_close(found, expected)


def test_bank_gets_the_keys_of_the_anchors():
    model = model_of(True)
    bank = FeatureBank(8)
    model.set_bank(bank)
    twin = copy.deepcopy(model)
    step(model)
    sample_idx, rows = bank.rows()
    assert sample_idx.tolist() == ANCHORS.tolist()
    expected = twin.encoder_k(views_of()[1][::2])[0]
    torch.testing.assert_close(rows, F.normalize(expected, dim=1))
    features = twin.eval().extract_z0(views_of()[1][::2])
    torch.testing.assert_close(features, twin.encoder_k(views_of()[1][::2])[0])


def test_composed_around_csml():
    """The class of this package, and one that is made for CsMl on BYOL."""
    head = dict(type='hirl_mm.SPDHead', num_negatives=None)
    composed = MODELS.build(
        ConfigDict(
            type='hirl_mm.HIRLAlgorithm',
            algorithm=plain_config('CsMl'),
            spd_head=head,
        )
    )
    assert type(composed) is HIRLCsMl
    byol = MODELS.build(
        ConfigDict(
            type='hirl_mm.HIRLAlgorithm',
            algorithm=plain_config('CsMlBYOL'),
            spd_head=head,
            momentum_module='target_net',
        )
    )
    assert isinstance(byol, CsMlBYOL)
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    byol.set_tree(tree)
    z0 = copy.deepcopy(byol).neck(
        copy.deepcopy(byol).backbone(views_of()[0][::2])
    )[0]
    projections = copy.deepcopy(byol.spd_head).projections
    embeddings = [project(z0) for project in projections]
    expected = semantic_path_loss(embeddings, tree, tree.leaf[ANCHORS], None)
    torch.testing.assert_close(step(byol)['loss_spd'], expected)
