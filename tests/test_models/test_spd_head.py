import pytest
import torch
from mmengine.registry import init_default_scope

from hirl_mm.losses import semantic_path_loss
from hirl_mm.models import SPDHead
from tests.trees import random_tree


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ('dim', 'layers', 'expected'),
    [(128, 2, 33_152), (256, 2, 131_840), (256, 5, 329_984)],
)
def test_number_of_weights_of_a_projection(dim, layers, expected):
    """The figures of the released heads."""
    head = SPDHead(in_channels=dim, num_layers=layers)
    assert len(head.projections) == 3
    for projection in head.projections:
        assert sum(p.numel() for p in projection.parameters()) == expected


def test_projections_read_z0_and_differ():
    head = SPDHead(in_channels=8).train()
    z0 = torch.randn(6, 8)
    first, second, third = head(z0)
    fc0, bn0, fc1 = (
        getattr(head.projections[1], n) for n in ('fc0', 'bn0', 'fc1')
    )
    assert fc0.bias is None and fc1.bias is not None
    assert isinstance(bn0, torch.nn.BatchNorm1d)
    torch.testing.assert_close(second, fc1(torch.relu(bn0(fc0(z0)))))
    assert not torch.allclose(first, third)


@pytest.mark.parametrize('reduction', ['paper', 'official'])
def test_loss_and_its_weight(reduction):
    tree = random_tree((9, 4), dim=8)
    head = SPDHead(
        in_channels=8,
        num_levels=2,
        num_negatives=None,
        reduction=reduction,
        loss_weight=0.25,
    )
    z0, leaf = torch.randn(6, 8), tree.leaf[:6]
    assert head(z0).shape == (2, 6, 8)
    expected = 0.25 * semantic_path_loss(head(z0), tree, leaf, None, reduction)
    torch.testing.assert_close(head.loss(z0, leaf, tree)['loss_spd'], expected)


def test_sampled_negatives_approach_all_paths():
    tree = random_tree((9, 4), dim=8)
    z0, leaf = torch.randn(6, 8), tree.leaf[:6]
    sampled = SPDHead(in_channels=8, num_levels=2, num_negatives=20_000)
    every = SPDHead(in_channels=8, num_levels=2, num_negatives=None)
    every.load_state_dict(sampled.state_dict())
    torch.testing.assert_close(
        sampled.loss(z0, leaf, tree)['loss_spd'],
        every.loss(z0, leaf, tree)['loss_spd'],
        atol=5e-3,
        rtol=0,
    )
    few = SPDHead(in_channels=8, num_levels=2, num_negatives=1)
    few.load_state_dict(sampled.state_dict())
    draws = {few.loss(z0, leaf, tree)['loss_spd'].item() for _ in range(5)}
    assert len(draws) > 1


def test_head_alone_without_a_dimension():
    with pytest.raises(ValueError, match='SPDHead needs in_channels, the dim'):
        SPDHead(num_levels=2)


def test_building_leaves_the_random_state():
    before = torch.get_rng_state()
    head = SPDHead(in_channels=8)
    head.init_weights()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.parametrize('num_negatives', [5, None])
def test_compiled_as_one_graph(num_negatives):
    """The loss, gradients and draws of torch.compile."""
    torch._dynamo.reset()
    tree = random_tree((9, 4), dim=8)
    head = SPDHead(in_channels=8, num_levels=2, num_negatives=num_negatives)
    z0, leaf = torch.randn(6, 8), tree.leaf[:6]
    compiled = torch.compile(head.loss, backend='aot_eager', fullgraph=True)
    results = []
    for loss in (head.loss, compiled):
        torch.manual_seed(1)
        value = loss(z0, leaf, tree)['loss_spd']
        results.append(
            (value, *torch.autograd.grad(value, list(head.parameters())))
        )
    for mine, other in zip(*results, strict=True):
        torch.testing.assert_close(mine, other)
