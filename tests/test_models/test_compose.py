"""HIRL around the config of a model, as a project without Python has it."""

import copy
import pickle

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.config.lazy import LazyObject
from mmengine.logging import MessageHub
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import init_default_scope
from mmpretrain.models.selfsup import BYOL, MAE, DenseCL, MoCo, SimSiam

from hirl_mm.features import FeatureBank
from hirl_mm.losses import semantic_path_loss
from hirl_mm.models import HIRLAlgorithm, HIRLMoCo, SPDHead
from hirl_mm.registry import MODELS
from tests.algorithms import DIM, PLAIN, RESNET, VIT, build, plain_config
from tests.samples import IDX, samples
from tests.trees import random_tree

NUMS = (9, 4, 2)
DENSECL = dict(
    type='DenseCL',
    queue_len=16,
    feat_dim=DIM,
    momentum=0.5,
    backbone=RESNET,
    neck=dict(
        type='DenseCLNeck',
        in_channels=64,
        hid_channels=32,
        out_channels=DIM,
        num_grid=None,
    ),
    head=dict(
        type='ContrastiveHead',
        loss=dict(type='CrossEntropyLoss'),
        temperature=0.2,
    ),
)
MAE_CFG = dict(
    type='MAE',
    backbone=dict(
        type='MAEViT',
        **VIT,
        mask_ratio=0.5,
    ),
    neck=dict(
        type='MAEPretrainDecoder',
        num_patches=16,
        patch_size=8,
        embed_dim=24,
        decoder_embed_dim=16,
        decoder_depth=1,
        decoder_num_heads=2,
    ),
    head=dict(
        type='MAEPretrainHead',
        patch_size=8,
        loss=dict(type='PixelReconstructionLoss', criterion='L2'),
    ),
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')
    MessageHub.get_instance('test').update_info('max_iters', 10)
    torch.manual_seed(0)


def head(dim):
    return dict(
        type='hirl_mm.SPDHead',
        in_channels=dim,
        num_levels=3,
        num_negatives=None,
    )


def compose(algorithm, dim=DIM, **options):
    cfg = dict(
        type='hirl_mm.HIRLAlgorithm',
        algorithm=copy.deepcopy(algorithm),
        spd_head=head(dim),
        **options,
    )
    model = MODELS.build(cfg)
    model.init_weights()
    return model


def path_loss(model, z0, tree):
    embeddings = [project(z0) for project in model.spd_head.projections]
    leaf = tree.leaf[torch.tensor(IDX)]
    return semantic_path_loss(embeddings, tree, leaf, None)


@pytest.mark.parametrize('name', PLAIN)
def test_builds_the_class_of_the_method(name):
    model = compose(plain_config(name))
    assert type(model).__name__ == f'HIRL{name}'
    expected = build(name, hirl=True)
    assert type(model) is type(expected)
    assert model.state_dict().keys() == expected.state_dict().keys()


def test_a_config_that_inherits_another_package(tmp_path):
    """Merged into its base, and with _delete_; and MMEngine's scope in it."""
    base = 'mmpretrain::mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py'
    models = []
    for delete in ('', '_delete_=True, '):
        path = tmp_path / 'config.py'
        path.write_text(
            f'_base_ = {base!r}\n'
            f"model = dict({delete}type='hirl_mm.HIRLAlgorithm', "
            "algorithm=_base_.model, spd_head=dict(type='hirl_mm.SPDHead', "
            'in_channels=128))\n'
        )
        models.append(MODELS.build(Config.fromfile(path).model))
    assert [type(model) for model in models] == [HIRLMoCo, HIRLMoCo]


ALGORITHM = dict(PLAIN['MoCo'])


@pytest.mark.parametrize(
    'kind',
    ['MoCo', 'mmpretrain.MoCo', MoCo, LazyObject('mmpretrain.models', 'MoCo')],
)
@pytest.mark.parametrize('wrapper', [dict, ConfigDict])
def test_types_as_configs_give_them(kind, wrapper):
    algorithm = wrapper(copy.deepcopy(ALGORITHM), type=kind)
    model = HIRLAlgorithm(algorithm=algorithm, spd_head=head(DIM))
    assert type(model) is HIRLMoCo


def test_class_as_the_type_of_the_model():
    """As MMEngine's new-style configs have it, built by any registry."""
    cfg = dict(
        type=HIRLAlgorithm,
        algorithm=dict(ALGORITHM, type=MoCo),
        spd_head=dict(head(DIM), type=SPDHead),
    )
    assert type(ROOT_MODELS.build(cfg)) is HIRLMoCo
    assert MODELS.get('hirl_mm.HIRLAlgorithm') is HIRLAlgorithm


def test_preprocessor_of_the_runner_comes_after_the_algorithms_own():
    def mean(**options):
        algorithm = dict(ALGORITHM, type='MoCo', **options)
        model = compose(algorithm, data_preprocessor=preprocessor(7.0))
        return model.data_preprocessor.mean.flatten().tolist()

    def preprocessor(mean):
        return dict(type='SelfSupDataPreprocessor', mean=[mean], std=[1.0])

    assert mean() == [7.0]
    assert mean(data_preprocessor=preprocessor(5.0)) == [5.0]


class OwnBYOL(BYOL):
    """An algorithm of some project, beside which no HIRL class is."""


def test_composed_models_are_copied_and_pickled():
    """Those of a class that no module holds, too."""
    places = dict(z0_module='neck', momentum_module='target_net')
    byol = dict(plain_config('BYOL'), type=OwnBYOL)
    for algorithm, options in (
        (dict(ALGORITHM, type='MoCo'), {}),
        (byol, {}),
        (byol, places),
    ):
        model = compose(algorithm, **options)
        for same in copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
            assert type(same) is type(model)
            assert isinstance(same, HIRLAlgorithm)
            assert same.momentum_module == model.momentum_module
            torch.testing.assert_close(same.state_dict(), model.state_dict())
    assert issubclass(type(model), OwnBYOL)
    assert type(model) is type(compose(byol, **places))
    other = compose(byol, dim=64, z0_module='backbone')
    assert type(other) is not type(model)


@pytest.mark.parametrize(
    ('algorithm', 'message'),
    [
        (None, 'around the config of an algorithm.*got algorithm=None'),
        (dict(neck=None), 'around the config of an algorithm'),
        (RESNET, 'has the type ResNet, but must be a self-supervised'),
        (dict(type=len), 'has the type len, but must be a self-supervised'),
        (dict(type='hirl_mm.HIRLMoCo'), 'HIRLMoCo .* trains with HIRL alread'),
    ],
)
def test_what_is_no_algorithm(algorithm, message):
    with pytest.raises(TypeError, match=message):
        compose(algorithm)


def test_contradiction_between_the_merged_model_and_the_algorithm():
    algorithm = dict(type='MoCo', **PLAIN['MoCo'])
    with pytest.raises(ValueError, match=r'model\.queue_len is set beside'):
        compose(algorithm, queue_len=12)
    assert compose(algorithm, queue_len=24).queue_len == 24


def test_densecl_by_name():
    model = compose(DENSECL, z0_module='neck', momentum_module='encoder_k')
    assert isinstance(model, HIRLAlgorithm) and isinstance(model, DenseCL)
    plain = MODELS.build(copy.deepcopy(DENSECL))
    added = model.state_dict().keys() - plain.state_dict().keys()
    assert added and all(key.startswith('spd_head.') for key in added)

    views = [torch.randn(8, 3, 64, 64), torch.randn(8, 3, 64, 64)]
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    model.set_tree(tree)
    losses = copy.deepcopy(model).loss(views, samples(IDX))
    z0 = model.neck(model.backbone(views[0]))[0]
    torch.testing.assert_close(losses['loss_spd'], path_loss(model, z0, tree))
    assert {'loss_single', 'loss_dense'} < losses.keys()

    with torch.no_grad():
        for parameter in model.neck.parameters():
            parameter.add_(torch.randn_like(parameter))
    model.eval()
    average = model.encoder_k(views[0])[0]
    torch.testing.assert_close(model.extract_z0(views[0]), average)
    assert not torch.allclose(average, model.neck(model.backbone(views[0]))[0])


def bank_of_a_step(model, views):
    bank = FeatureBank(8)
    model.set_bank(bank)
    model.train().loss(views, samples(IDX))
    idx, rows = bank.rows()
    assert idx.tolist() == IDX
    return rows


def test_bank_of_an_average_that_sees_a_shuffled_batch():
    """DenseCL's, even in one process: refused, until a place is named."""
    views = [torch.randn(8, 3, 64, 64), torch.randn(8, 3, 64, 64)]
    places = dict(z0_module='neck', momentum_module='encoder_k')
    guessed = compose(DENSECL, **places)
    with pytest.raises(RuntimeError, match='HIRLDenseCL.encoder_k did not '):
        bank_of_a_step(guessed, views)
    assert not len(guessed.bank)
    model = compose(DENSECL, bank_module='neck', **places)
    rows = bank_of_a_step(model, views)
    expected = model.neck(model.backbone(views[0]))[0]
    torch.testing.assert_close(rows, expected)


def test_bank_of_the_backbone_of_an_average():
    """The average of BYOL runs as a whole; z0 is in the midst of it."""
    model = compose(
        plain_config('BYOL'),
        dim=64,
        z0_module='backbone',
        momentum_module='target_net',
    )
    views = [torch.randn(8, 3, 32, 32), torch.randn(8, 3, 32, 32)]
    rows = bank_of_a_step(model, views)
    expected = model.target_net.module[0](views[0])[0].mean(dim=(2, 3))
    torch.testing.assert_close(rows, expected)
    assert model.extract_z0(views[0]).shape == rows.shape


def test_bank_of_a_method_of_single_images():
    """MAE: the class token of the visible patches."""
    model = compose(MAE_CFG, dim=24, z0_module='backbone')
    images = torch.randn(8, 3, 32, 32)
    torch.manual_seed(5)
    rows = bank_of_a_step(model, images)
    torch.manual_seed(5)
    torch.testing.assert_close(rows, model.backbone(images)[0][:, 0])


def test_class_token_of_the_encoder_of_mae():
    model = compose(MAE_CFG, dim=24, z0_module='backbone')
    assert isinstance(model, MAE)
    images = torch.randn(8, 3, 32, 32)
    tree = random_tree(NUMS, dim=24, num_samples=50)
    model.set_tree(tree)
    torch.manual_seed(5)
    found = copy.deepcopy(model).loss(images, samples(IDX))['loss_spd']
    torch.manual_seed(5)
    visible_tokens, _, _ = model.backbone(images)
    z0 = visible_tokens[:, 0]
    torch.testing.assert_close(found, path_loss(model, z0, tree))
    model.eval()
    all_tokens = model.backbone(images, mask=None)[0]
    features = model.extract_z0(images)
    assert features.shape == (8, 24)
    torch.testing.assert_close(features, all_tokens[:, 0])


def test_a_subclass_of_a_known_method():
    class MySimSiam(SimSiam):
        """A method of some project, with a loss of its own."""

        def loss(self, inputs, data_samples, **kwargs):
            losses = super().loss(inputs, data_samples, **kwargs)
            return dict(loss=3 * losses['loss'])

    model = compose(dict(type=MySimSiam, **PLAIN['SimSiam']))
    assert isinstance(model, MySimSiam) and isinstance(model, HIRLAlgorithm)
    assert model.z0_module == 'neck' and model.momentum_module is None
    plain = build('SimSiam')
    plain.load_state_dict(model.state_dict(), strict=False)
    model.set_tree(random_tree(NUMS, dim=DIM, num_samples=50))
    views = [torch.randn(8, 3, 32, 32), torch.randn(8, 3, 32, 32)]
    losses = model.train().loss(views, samples(IDX))
    expected = plain.loss(views, samples(IDX))['loss']
    torch.testing.assert_close(losses['loss_ssl'], 3 * expected)
    assert losses['loss_spd'] > 0


def test_unknown_method_needs_the_place_of_its_embedding():
    with pytest.raises(ValueError, match='no class for DenseCL under HIRL'):
        compose(DENSECL)
    # what was composed before does not count as known
    compose(DENSECL, z0_module='neck', momentum_module='encoder_k')
    with pytest.raises(ValueError, match='no class for DenseCL under HIRL'):
        compose(DENSECL)


def test_places_that_do_not_exist():
    with pytest.raises(ValueError, match="must be one of .*, got 'neck.mlp'"):
        compose(DENSECL, z0_module='neck.mlp')
    with pytest.raises(ValueError, match="no moving average 'teacher'"):
        compose(DENSECL, z0_module='neck', momentum_module='teacher')
    with pytest.raises(KeyError, match="no model 'MoCoV9'"):
        compose(dict(DENSECL, type='MoCoV9'))


@pytest.mark.parametrize(
    ('algorithm', 'options', 'dim'),
    [
        (DENSECL, dict(z0_module='neck'), DIM),
        (plain_config('BYOL'), dict(z0_module='backbone'), 64),
        (MAE_CFG, dict(z0_module='backbone'), 24),
    ],
)
def test_dimension_of_the_head_follows(algorithm, options, dim):
    cfg = dict(type='hirl_mm.SPDHead')
    torch.manual_seed(1)
    found = HIRLAlgorithm(
        algorithm=copy.deepcopy(algorithm), spd_head=cfg, **options
    )
    assert found.spd_head.in_channels == dim
    assert cfg == dict(type='hirl_mm.SPDHead')
    torch.manual_seed(1)
    given = HIRLAlgorithm(
        algorithm=copy.deepcopy(algorithm),
        spd_head=dict(cfg, in_channels=dim),
        **options,
    )
    torch.testing.assert_close(
        found.state_dict(), given.state_dict(), rtol=0, atol=0
    )


def test_dimension_that_no_layer_tells():
    """The neck of this SimCLR only pools."""
    simclr = dict(
        type='SimCLR',
        backbone=RESNET,
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss')),
    )
    cfg = dict(type='hirl_mm.SPDHead')
    with pytest.raises(ValueError, match='neck .GlobalAverageP.*: set in_ch'):
        HIRLAlgorithm(algorithm=simclr, spd_head=cfg, z0_module='neck')
    model = HIRLAlgorithm(
        algorithm=simclr, spd_head=dict(cfg, in_channels=64), z0_module='neck'
    )
    assert model.spd_head.in_channels == 64
