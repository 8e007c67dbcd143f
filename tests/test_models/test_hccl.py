"""HCCL, step by step, against the method written out."""

import copy

import pytest
import torch
from mmengine.logging import MessageHub
from torch import nn

from hirl_mm.checkpoints.matching import evaluated_prefix
from hirl_mm.losses import semantic_path_loss
from tests.algorithms import DIM, PLAIN, RESNET, build, mlp, step_samples
from tests.oracles import hccl
from tests.samples import IDX
from tests.trees import random_tree

NECK, HEAD = PLAIN['HCCL']['neck'], PLAIN['HCCL']['head']
TARGET = {'target.backbone.': 'backbone.', 'target.neck.': 'neck.'}


def narrow(name='HCCL', hirl=False, **options):
    torch.manual_seed(0)
    return build(name, hirl, **options).double()


def of_levels(num, **options):
    return dict(
        neck=dict(NECK, num_levels=num),
        head=dict(HEAD, num_levels=num, **options),
    )


def two_views(seed=0, batch=8):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, 3, 32, 32, generator=generator).double()
        for _ in range(2)
    ]


def projections(backbone, levels, images):
    """Every level of one view, in a chain."""
    y, found = backbone(images)[-1].mean(dim=(2, 3)), []
    for project in levels:
        y = project(y)
        found.append(y)
    return found


def expected_loss(model, views, weighting, target=None):
    """Of a model without its loss and its forward passes."""
    levels = [
        projections(model.backbone, model.neck.levels, view) for view in views
    ]
    predictions = [
        [model.head.predictors[i](z) for i, z in enumerate(of_view)]
        for of_view in levels
    ]
    if target is not None:
        levels = [
            projections(target.backbone, target.neck.levels, view)
            for view in views
        ]
    return hccl.loss(predictions, levels, weighting)


def loss_of(model, views):
    return model.loss(views, step_samples('HCCL', IDX))['loss']


def gradients(model):
    return {
        name: p.grad
        for name, p in model.named_parameters()
        if p.grad is not None
    }


@torch.no_grad()
def descend(model):
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter -= 0.5 * parameter.grad


def assert_same_step(model, oracle, expected, views):
    model.zero_grad()
    loss = loss_of(model, views)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(loss, expected)
    found, wanted = gradients(model), gradients(oracle)
    assert found.keys() == wanted.keys()
    assert any(gradient.abs().max() > 1e-3 for gradient in wanted.values())
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    ('num', 'weighting'), [(1, 'mean'), (2, None), (3, 'eq')]
)
def test_step_is_that_of_the_paper(num, weighting):
    options = of_levels(num, weighting=weighting)
    model = narrow(**options)
    for step in range(2):
        views = two_views(step)
        oracle = copy.deepcopy(model)
        oracle.zero_grad()
        expected = expected_loss(oracle, views, weighting or 'pseudocode')
        assert_same_step(model, oracle, expected, views)
        # the same passes, in the same order: statistics, too
        torch.testing.assert_close(model.state_dict(), oracle.state_dict())
        descend(model)


def test_steps_with_a_target_network():
    """A.2: it moves after the step and has statistics of its own."""
    model = narrow(momentum=0.7)
    average = copy.deepcopy(nn.ModuleDict(model.student()))
    for step in range(3):
        views = two_views(step)
        oracle = copy.deepcopy(model)
        oracle.zero_grad()
        with torch.no_grad():
            keys = copy.deepcopy(average)
        expected = expected_loss(oracle, views, 'pseudocode', keys)
        assert_same_step(model, oracle, expected, views)
        descend(model)
        for key, value in average.named_parameters():
            old, new = value.detach(), model.get_parameter(key).detach()
            value.data = 0.7 * old + 0.3 * new
        average.load_state_dict(
            dict(keys.named_buffers()) | dict(average.named_parameters())
        )
        model.move_teacher()
        torch.testing.assert_close(
            model.target.state_dict(), average.state_dict()
        )
    own = model.target.neck.levels[0].bn0.running_var
    assert not torch.allclose(own, model.neck.levels[0].bn0.running_var)


def test_average_of_a_constant():
    """From 0 towards 1 after 1, 100 and 1000 updates, momentum .996."""
    model = build('HCCL', momentum=0.996)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(1)
        for p in model.target.parameters():
            p.fill_(0)
    expected = {1: 0.004, 100: 0.3302174287, 1000: 0.9818306904}
    for update in range(1, 1001):
        MessageHub.get_current_instance().update_info('iter', update % 10)
        model.move_teacher()
        if update in expected:
            for p in model.target.parameters():
                wanted = torch.full_like(p, expected[update])
                torch.testing.assert_close(p, wanted, rtol=1e-4, atol=0)
    MessageHub.get_current_instance().update_info('iter', 0)


def test_momentum_that_rises():
    """As BYOL's, to 1 along a cosine: half way at half time."""
    model = build('HCCL', momentum=0.8, final_momentum=1.0)
    hub = MessageHub.get_current_instance()
    for iteration, momentum in ((0, 0.8), (5, 0.9), (10, 1.0)):
        hub.update_info('iter', iteration)
        with torch.no_grad():
            for p in model.target.parameters():
                p.fill_(0)
        model.move_teacher()
        weight = model.neck.levels[0].fc0.weight
        found = model.target.neck.levels[0].fc0.weight
        torch.testing.assert_close(found, (1 - momentum) * weight)
    hub.update_info('iter', 0)


def test_one_level_is_mmpretrains_simsiam():
    """With no normalisation behind the projector, as HCCL has it."""
    model = narrow(**of_levels(1, weighting='mean'))
    siamese = narrow(
        'SimSiam',
        backbone=RESNET,
        neck=mlp(64, 32, num_layers=3, with_last_bn=False)
        | dict(with_last_bias=True),
        head=dict(
            type='LatentPredictHead',
            loss=dict(type='CosineSimilarityLoss'),
            predictor=mlp(DIM, 8, with_avg_pool=False, with_last_bn=False)
            | dict(with_last_bias=True),
        ),
    )

    def name_of(key):
        key = key.replace('neck.levels.0.', 'neck.')
        return key.replace('head.predictors.0.', 'head.predictor.')

    state = {name_of(k): v for k, v in model.state_dict().items()}
    siamese.load_state_dict(state)
    views = two_views()
    expected = siamese.loss(views, step_samples('SimSiam', IDX))['loss']
    found = loss_of(model, views)
    torch.testing.assert_close(found, expected)
    found.backward()
    expected.backward()
    renamed = {name_of(k): v for k, v in gradients(model).items()}
    torch.testing.assert_close(renamed, gradients(siamese))


@pytest.mark.parametrize('momentum', [None, 0.5])
def test_no_network_runs_twice(momentum):
    model = build('HCCL', momentum=momentum)
    runs = {}
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda *_, name=name: runs.update({name: runs.get(name, 0) + 1})
        )
    loss_of(model, [v.float() for v in two_views()])
    used = ['backbone', 'neck', 'neck.levels.0', 'neck.levels.1']
    used += [f'target.{name}' for name in used if momentum is not None]
    used += ['head.predictors.0', 'head.predictors.1']
    for name in used:
        assert runs[name] == 2, name


def test_target_takes_no_part_in_training():
    model = build('HCCL', momentum=0.5)
    views = [v.float() for v in two_views()]
    loss_of(model, views).backward()
    assert all(not p.requires_grad for p in model.target.parameters())
    unused = [
        key
        for key, p in model.named_parameters()
        if p.requires_grad and p.grad is None
    ]
    assert not unused


def test_every_variant_uses_all_it_has():
    """DDP forgives no parameter without a gradient."""
    deep = dict(neck=dict(NECK, num_levels=1, num_layers=6))
    variants = [
        dict(head=dict(HEAD, wiring=[(0, 0, 0.25), (1, 1, 0.5)])),
        dict(head=dict(HEAD, predictions=[(0, 1)], wiring=[(0, 0, 0.5)])),
        dict(head=dict(HEAD, predictions=[(0, 0), (0, 1)])),
        dict(deep, head=dict(HEAD, num_levels=1)),
        dict(
            deep,
            head=dict(
                HEAD,
                num_levels=1,
                predictions=[(0, 0), (1, 0)],
                wiring=[(0, 0, 0.25), (1, 0, 0.5)],
            ),
        ),
    ]
    views = [v.float() for v in two_views()]
    losses = []
    for options in variants:
        torch.manual_seed(0)
        model = build('HCCL', **options)
        loss = loss_of(model, views)
        loss.backward()
        assert all(p.grad is not None for p in model.parameters())
        losses.append(loss.item())
    assert len(set(losses)) == len(losses)


def test_modes_of_the_target():
    model = build('HCCL', momentum=0.5)
    assert model.target.training and model.target.backbone.training
    model.eval()
    assert not model.target.neck.training
    model.train()
    assert model.target.neck.training
    teacher = build('DINO').train().teacher
    assert not teacher.training and not teacher.backbone.training


def test_average_starts_as_the_trained_network_which_is_evaluated():
    model = build('HCCL', momentum=0.5)
    assert model.average_sources() == TARGET
    state = model.state_dict()
    for average, source in TARGET.items():
        keys = [key for key in state if key.startswith(average)]
        assert keys
        for key in keys:
            own = source + key.removeprefix(average)
            assert torch.equal(state[key], state[own])
    assert evaluated_prefix(state) == 'backbone.'
    backbone = {k: v + 1 for k, v in state.items() if k.startswith('backbone')}
    model.load_state_dict(backbone, strict=False)
    for key, value in backbone.items():
        assert torch.equal(model.target.state_dict()[key], value)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    model = build('HCCL', momentum=0.5)
    views = [v.float() for v in two_views()]
    expected = loss_of(copy.deepcopy(model), views)
    with torch.autocast('cpu', dtype=dtype):
        found = loss_of(model, views)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.02)
    found.backward()
    assert all(g.isfinite().all() for g in gradients(model).values())


BAD = [
    (dict(momentum=1.5), r'must lie in \[0, 1\], got 1\.5'),
    (dict(momentum=-0.1), 'got -0.1'),
    (dict(momentum=0.9, final_momentum=2.0), r'got 2\.0'),
    (dict(final_momentum=1.0), 'final_momentum=1.0 without a momentum'),
    (dict(neck=dict(NECK, num_levels=0)), 'num_levels must be at least 1'),
    (dict(neck=dict(NECK, num_layers=1)), 'num_layers must be at least 2'),
    (dict(head=dict(HEAD, num_levels=0)), 'num_levels must be at least 1'),
    (dict(head=dict(HEAD, num_levels=3)), 'head has num_levels=3.*equal'),
    (dict(head=dict(HEAD, in_channels=9)), 'head has in_channels=9'),
    (dict(neck=dict(NECK, in_channels=9)), 'in_channels=9.*have 64 dim'),
    (dict(head=dict(HEAD, weighting=[1.0])), 'weighting has 1 weights'),
    (dict(head=dict(HEAD, weighting='half')), 'weighting must be one of'),
    (dict(head=dict(HEAD, wiring=[(0, 2, 1.0)])), 'names target level 2'),
    (
        dict(head=dict(HEAD, wiring=[(0, 1, 1.0)])),
        'no term of wiring has prediction 1',
    ),
    (
        dict(head=dict(HEAD, weighting='eq', wiring=[(0, 1, 1.0)])),
        'give one of the two',
    ),
    (
        dict(head=dict(HEAD, predictions=[(0, 0), (1, 2)])),
        'names level 2, but there are 2',
    ),
    (
        dict(head=dict(HEAD, predictions=[(0, 1)])),
        '1 predictions and 2 levels: Eq. 6 needs equally many',
    ),
]


@pytest.mark.parametrize(('options', 'text'), BAD)
def test_wrong_config(options, text):
    with pytest.raises(ValueError, match=text):
        build('HCCL', **options)


def test_a_single_view():
    with pytest.raises(ValueError, match='needs 2 views .* makes 1'):
        loss_of(build('HCCL'), two_views()[:1])


def test_a_target_that_no_one_moves(monkeypatch):
    monkeypatch.setattr(
        'hirl_mm.models.selfsup.moves_teacher._MAX_STEPS_WITHOUT_UPDATE', 1
    )
    model = build('HCCL', momentum=0.5)
    views = [v.float() for v in two_views(batch=2)]
    loss_of(model, views)
    with pytest.raises(RuntimeError, match='TeacherUpdateHook'):
        loss_of(model, views)
    model.move_teacher()
    loss_of(model, views)


NUMS = (9, 4)


def hirl_model(**options):
    head = dict(type='hirl_mm.SPDHead', num_levels=2, num_negatives=None)
    torch.manual_seed(0)
    return build('HCCL', hirl=True, spd_head=head, **options)


@pytest.mark.parametrize('momentum', [None, 0.5])
def test_every_level_of_the_tree_reads_its_level(momentum):
    """Tree level 0, the finest, reads z_1, and level 1 reads z_2."""
    model = hirl_model(level_wise=True, momentum=momentum)
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    model.set_tree(tree)
    views = [v.float() for v in two_views()]
    twin = copy.deepcopy(model)
    found = model.loss(views, step_samples('HCCL', IDX))
    levels = twin.neck(twin.backbone(views[0]))
    embeddings = [
        project(z)
        for project, z in zip(twin.spd_head.projections, levels, strict=True)
    ]
    leaf = tree.leaf[torch.tensor(IDX)]
    expected = semantic_path_loss(embeddings, tree, leaf, None)
    torch.testing.assert_close(found['loss_spd'], expected)
    plain = hirl_model(momentum=momentum)
    plain.load_state_dict(twin.state_dict())
    plain.set_tree(tree)
    of_top = plain.loss(views, step_samples('HCCL', IDX))
    assert torch.equal(of_top['loss_ssl'], found['loss_ssl'])
    assert abs(of_top['loss_spd'] - expected) > 1e-4


def test_tree_and_projector_of_different_heights():
    head = dict(type='hirl_mm.SPDHead', num_levels=3)
    with pytest.raises(ValueError, match='num_levels=3, but there are 2 emb'):
        build('HCCL', hirl=True, level_wise=True, spd_head=head)


@pytest.mark.parametrize('momentum', [None, 0.5])
def test_highest_level_is_clustered(momentum):
    model = hirl_model(momentum=momentum).eval()
    with torch.no_grad():
        for p in (*model.backbone.parameters(), *model.neck.parameters()):
            p.add_(0.1 * torch.randn_like(p))
    network = model if momentum is None else model.target
    images = two_views()[0].float()
    levels = network.neck(network.backbone(images))
    assert torch.equal(model.extract_z0(images), levels[1])
    other = model.neck(model.backbone(images))[1]
    assert torch.equal(levels[1], other) == (momentum is None)
    prefix = '' if momentum is None else 'target.'
    assert model.bank_path() == f'{prefix}neck.levels.1'
