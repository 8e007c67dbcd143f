"""Steps of CsMl, against the formulas written out."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmpretrain.models import ResNet
from mmpretrain.registry import MODELS

from hirl_mm.models import CrossSampleHead
from tests.algorithms import RESNET, build
from tests.oracles import csml

ANCHORS = 4
STAGES = 2, 3


class QuarterCut:
    """Without random numbers: the left quarter is that of the positive."""

    share = 0.75

    def __call__(self, anchors, positives):
        part = anchors.size(-1) // 4
        left, right = positives[..., :part], anchors[..., part:]
        return torch.cat([left, right], -1), self.share


def model_of(**options):
    torch.manual_seed(0)
    model = build('CsMl', **options).double()
    if model.mix is not None:
        model.mix = QuarterCut()
    return model


def views_of(group_size=2, num=2, size=32):
    return [
        torch.rand(ANCHORS * group_size, 3, size, size, dtype=torch.float64)
        for _ in range(num)
    ]


def maps_of(backbone, images):
    """Outputs of the stem and of every stage, layer by layer."""
    x = backbone.maxpool(backbone.relu(backbone.norm1(backbone.conv1(images))))
    maps = []
    for stage in range(1, 5):
        x = getattr(backbone, f'layer{stage}')(x)
        maps.append(x)
    return maps


def embedded(backbone, neck, branches, images):
    """Unit rows of the last stage, stage 2 and stage 3."""
    maps = maps_of(backbone, images)
    rows = [neck.mlp(maps[3].mean((2, 3)))]
    if branches is not None:
        for block, mlp, stage in zip(
            branches.blocks, branches.mlps, STAGES, strict=True
        ):
            pooled = block(maps[stage - 1]).mean((2, 3))
            rows.append(mlp.mlp(pooled))
    return [row / row.norm(dim=1, keepdim=True) for row in rows]


def average(old, new, momentum=0.5):
    """The EMA of MMEngine after its first step: a copy, then a mean."""
    moved = copy.deepcopy(old)
    for a, b in zip(moved.parameters(), new.parameters(), strict=True):
        a.data.lerp_(b.data, momentum)
    return moved


def is_conv(module):
    return isinstance(module, torch.nn.Conv2d)


def queues_of(model):
    """The queues (D, N) of all levels."""
    branches = () if model.branches is None else model.branch_queues
    return [model.queue, *(branch.queue for branch in branches)]


def by_hand(model, views, keys_of, cross=True):
    """Losses of a step by name, from copies of the networks."""
    now = copy.deepcopy(model)
    queues = [queue.T for queue in queues_of(now)]
    parts = now.backbone, now.neck, now.branches
    images = [(v[0::2], v[1::2]) for v in views]
    queries = [embedded(*parts, x) for x in images[0]]
    mixed = embedded(*parts, QuarterCut()(*images[0])[0])
    keys = [embedded(*keys_of, x) for x in images[1]]
    names = ['loss', 'loss_stage2', 'loss_stage3'][: len(queues)]
    return {
        name: csml.three_terms(
            [q[level] for q in queries],
            mixed[level],
            QuarterCut.share,
            [k[level].detach() for k in keys],
            queues[level],
            0.2,
            cross,
        )
        for level, name in enumerate(names)
    }, keys


def key_networks(model):
    """What the averages are in the first step: the trained networks."""
    now = copy.deepcopy(model)
    return now.backbone, now.neck, now.branches


@pytest.mark.parametrize('branches', [True, False])
def test_loss_and_gradient_are_those_of_the_formulas(branches):
    model = model_of(**({} if branches else dict(branches=None)))
    views = views_of()
    expected, _ = by_hand(model, views, key_networks(model))
    found = model.loss(views, [])
    assert found.keys() == expected.keys()
    for name, terms in expected.items():
        torch.testing.assert_close(found[name], sum(terms))
    assert len(found) == (3 if branches else 1)
    # Gradients, of a copy that goes through the formulas.
    other = model_of(**({} if branches else dict(branches=None)))
    now, keys_of = other, key_networks(other)
    terms = _with_graph(now, views, keys_of)
    sum(terms).backward()
    sum(found.values()).backward()
    for (name, one), two in zip(
        model.named_parameters(), now.parameters(), strict=True
    ):
        if name.startswith(('encoder_k', 'branches_k')):
            assert one.grad is None
        else:
            torch.testing.assert_close(one.grad, two.grad, msg=name)


def _with_graph(model, views, keys_of):
    queues = [queue.T.clone() for queue in queues_of(model)]
    parts = model.backbone, model.neck, model.branches
    images = [(v[0::2], v[1::2]) for v in views]
    queries = [embedded(*parts, x) for x in images[0]]
    mixed = embedded(*parts, QuarterCut()(*images[0])[0])
    keys = [embedded(*keys_of, x) for x in images[1]]
    terms = []
    for level, queue in enumerate(queues):
        terms += csml.three_terms(
            [q[level] for q in queries],
            mixed[level],
            QuarterCut.share,
            [k[level].detach() for k in keys],
            queue,
            0.2,
            True,
        )
    return terms


def test_keys_come_from_the_moving_averages():
    """After the first step, they are the mean of old and new weights."""
    model = model_of()
    views = views_of()
    sum(model.loss(views, []).values()).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad
    old = model.encoder_k.module
    backbone = average(old[0], model.backbone)
    neck = average(old[1], model.neck)
    branches = average(model.branches_k.module, model.branches)
    expected, _ = by_hand(model, views, (backbone, neck, branches))
    for name, loss in model.loss(views, []).items():
        torch.testing.assert_close(loss, sum(expected[name]))


def test_queues_take_the_keys_of_anchors():
    model = model_of()
    views = views_of()
    before = [queue.clone() for queue in queues_of(model)]
    _, keys = by_hand(model, views, key_networks(model))
    model.loss(views, [])
    queues = queues_of(model)
    for old, queue, key in zip(before, queues, keys[0], strict=True):
        torch.testing.assert_close(queue[:, :ANCHORS], key.T)
        assert torch.equal(queue[:, ANCHORS:], old[:, ANCHORS:])
    assert model.queue_ptr == ANCHORS
    assert [int(q.queue_ptr) for q in model.branch_queues] == [ANCHORS] * 2
    assert not torch.equal(queues[1], queues[2])


def test_pointers_go_round_and_are_loaded():
    model = model_of(queue_len=12)
    views = views_of()
    for step in range(1, 5):
        model.loss(views, [])
        assert model.queue_ptr == step * ANCHORS % 12
    other = model_of(queue_len=12)
    other.loss(views, [])
    other.load_state_dict(model.state_dict())
    begin, _ = int(other.queue_ptr), other.loss(views, [])
    assert begin == 4 and other.queue_ptr == 8
    assert other.branch_queues[0].queue_ptr == 8
    torch.testing.assert_close(other.queue[:, :4], model.queue[:, :4])


def test_queues_start_with_random_keys():
    for queue in queues_of(model_of()):
        torch.testing.assert_close(
            queue.norm(dim=0), torch.ones(24).double(), rtol=1e-6, atol=0
        )
        assert queue.std() > 0.1


def test_averages_of_branches_start_as_copies():
    model = model_of()
    one, other = model.branches, model.branches_k.module
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b) and a is not b
    # A checkpoint that holds the trained branches alone.
    trained = {
        key: value + 1
        for key, value in model.state_dict().items()
        if key.startswith('branches.')
    }
    model.load_state_dict(trained, strict=False)
    for key, value in trained.items():
        average = key.replace('branches.', 'branches_k.module.', 1)
        assert torch.equal(model.state_dict()[average], value)


def test_branches_are_as_wide_as_their_stages():
    """Stages 2 and 3 have 16 and 32 channels here."""
    model = model_of()
    for block, mlp, width in zip(
        model.branches.blocks, model.branches.mlps, (16, 32), strict=True
    ):
        shapes = [m.weight.shape for m in block.modules() if is_conv(m)]
        assert [shape[0] for shape in shapes] == [
            width // 4,
            width // 4,
            width,
        ]
        assert [shape[2] for shape in shapes] == [1, 3, 1]
        hidden, last = mlp.mlp[0], mlp.mlp[2]
        assert hidden.weight.shape == (width, width)
        assert last.weight.shape == (8, width)
        for conv in filter(is_conv, block.modules()):
            weight = conv.weight
            fan_out = weight.size(0) * weight[0, 0].numel()
            expected = (2 / fan_out) ** 0.5
            assert weight.std().item() == pytest.approx(expected, rel=0.3)


def test_gate_of_the_released_code():
    """Before its first cross epoch an image is pulled to its own key."""
    head = dict(type='hirl_mm.CrossSampleHead', cross_start_epoch=11)
    views = views_of()
    for epoch, cross in ((0, False), (10, False), (11, True), (12, True)):
        model = model_of(head=head)
        MessageHub.get_current_instance().update_info('epoch', epoch)
        expected, _ = by_hand(model, views, key_networks(model), cross)
        for name, loss in model.loss(views, []).items():
            torch.testing.assert_close(loss, sum(expected[name]))


def test_official_reduction_is_a_third():
    views = views_of()
    losses = {}
    for reduction in ('paper', 'official'):
        head = dict(type='hirl_mm.CrossSampleHead', reduction=reduction)
        losses[reduction] = model_of(head=head).loss(views, [])
    for name, loss in losses['paper'].items():
        torch.testing.assert_close(loss / 3, losses['official'][name])


def unit(*cosines):
    """Rows whose cosines to the first axis are given."""
    rows = torch.zeros(len(cosines), 9, dtype=torch.float64)
    for i, cosine in enumerate(cosines):
        rows[i, 0] = cosine
        rows[i, 1 + i] = (1 - cosine**2) ** 0.5
    return rows


def test_three_terms_of_the_head():
    """Every query on an axis of its own, with cosines of its own."""
    given = [
        ((0.9, 0.6), (0.1, -0.2, 0), 0.0864436444),
        ((0.5, 0.8), (0, 0.2, -0.1), 0.1900169844),
        ((0.7, 0.65), (0.05, 0.05, 0.05), 0.1187898322),
    ]
    # Keys and negatives of all queries in one space of 27 dimensions would
    # not be of unit length: one query at a time, the others far from all.
    for reduction, factor in (('paper', 1), ('official', 1 / 3)):
        head = CrossSampleHead(reduction=reduction)
        total = 0
        for image, (positives, negatives, expected) in enumerate(given):
            rows = unit(*positives, *negatives)
            keys, others = list(rows[:2, None]), rows[2:]
            query, away = torch.eye(9).double()[None, 0], -unit(1)
            queries = [query if image == i else away for i in range(3)]
            weights = 0.7
            found = head.loss(queries[:2], keys, others, queries[2], weights)
            without = head.loss([away, away], keys, others, away, weights)
            term = csml.cross_sample(away, keys, others, 0.2, [0.5, 0.5])
            if image == 2:
                term = csml.cross_sample(away, keys, others, 0.2, [0.7, 0.3])
            total += found - without + factor * term
            assert found - without + factor * term == pytest.approx(
                factor * expected, abs=1e-8
            )
        assert total == pytest.approx(factor * 0.3952504609, abs=1e-8)


def test_same_key_makes_three_plain_terms():
    head = CrossSampleHead()
    queries = [F.normalize(torch.randn(4, 5), dim=1) for _ in range(3)]
    key = F.normalize(torch.randn(4, 5), dim=1)
    negatives = F.normalize(torch.randn(7, 5), dim=1)
    plain = [head.loss([q], [key], negatives) for q in queries]
    for share in (0, 0.3, 1):
        found = head.loss(
            queries[:2], [key, key], negatives, queries[2], share
        )
        torch.testing.assert_close(found, sum(plain))


def test_local_crops_share_the_term_of_the_anchor():
    model = model_of(local_crops=True)
    views = [*views_of(), *views_of(num=2, size=24)]
    expected, _ = by_hand(model, views[:2], key_networks(model))
    now = copy.deepcopy(model)
    queues = [queue.T for queue in queues_of(now)]
    anchors = torch.cat([view[0::2] for view in views[2:]])
    parts = now.backbone, now.neck, now.branches
    crops = [level.chunk(2) for level in embedded(*parts, anchors)]
    keys_of = key_networks(model)
    keys = [embedded(*keys_of, views[1][i::2]) for i in range(2)]
    found = model.loss(views, [])
    for level, (name, terms) in enumerate(expected.items()):
        both = [key[level] for key in keys]
        of_crops = [
            csml.cross_sample(crop, both, queues[level], 0.2, [0.5, 0.5])
            for crop in crops[level]
        ]
        anchor = (terms[0] + sum(of_crops)) / 3
        expected_loss = anchor + terms[1] + terms[2]
        torch.testing.assert_close(found[name], expected_loss)


def test_two_positives_per_anchor():
    model = model_of(num_positives=2, branches=None, mix=None)
    views = views_of(group_size=3)
    now, keys_of = copy.deepcopy(model), key_networks(model)
    parts = now.backbone, now.neck, None
    keys = [embedded(*keys_of, views[1][i::3])[0] for i in range(3)]
    expected = sum(
        csml.cross_sample(
            embedded(*parts, views[0][i::3])[0],
            keys,
            now.queue.T,
            0.2,
            [1 / 3] * 3,
        )
        for i in range(3)
    )
    torch.testing.assert_close(model.loss(views, [])['loss'], expected)


def test_without_branches_positives_and_mix_it_is_moco_twice():
    """With every image as its own positive of the same views."""
    model = model_of(branches=None, mix=None)
    options = dict(
        head=dict(
            type='ContrastiveHead',
            loss=dict(type='CrossEntropyLoss'),
            temperature=0.2,
        )
    )
    torch.manual_seed(0)
    moco = build('MoCo', **options).double()
    moco.load_state_dict(model.state_dict())
    views = [view.repeat_interleave(2, 0) for view in views_of(group_size=1)]
    plain = moco.loss([view[0::2] for view in views], [])['loss']
    found = model.loss(views, [])['loss']
    torch.testing.assert_close(found, 2 * plain, rtol=1e-5, atol=0)
    assert moco.state_dict().keys() == model.state_dict().keys()


def test_branches_leave_the_backbone_as_it_is():
    with_branches, without = model_of(), model_of(branches=None)
    plain = MODELS.build(dict(RESNET)).double()
    backbone = with_branches.backbone
    assert isinstance(backbone, ResNet)
    assert backbone.state_dict().keys() == plain.state_dict().keys()
    backbone.load_state_dict(without.backbone.state_dict())
    images = torch.rand(4, 3, 32, 32).double()
    with_branches.loss(views_of(), [])
    backbone.load_state_dict(without.backbone.state_dict())
    found, expected = backbone(images), without.backbone(images)
    assert len(found) == 1 and torch.equal(found[0], expected[0])
    assert not backbone.layer2._forward_hooks


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (
            dict(branches=dict(type='hirl_mm.StageBranches', stages=(2, 4))),
            r'are: 1, 2, 3; got stages=\(2, 4\)',
        ),
        (
            dict(branches=dict(type='hirl_mm.StageBranches', stages=(2, 2))),
            r'different numbers.*\(2, 2\)',
        ),
        (dict(num_positives=0), 'got 0'),
        (
            dict(head=dict(type='hirl_mm.CrossSampleHead', reduction='sum')),
            "got 'sum'",
        ),
        (
            dict(head=dict(type='hirl_mm.CrossSampleHead', temperature=0)),
            'got 0',
        ),
    ],
)
def test_what_cannot_be_built(options, text):
    with pytest.raises(ValueError, match=text):
        build('CsMl', **options)


def test_batches_that_do_not_fit():
    model = model_of()
    with pytest.raises(ValueError, match='7 images .* 1 positive'):
        model.loss([view[:7] for view in views_of()], [])
    with pytest.raises(ValueError, match='needs 2 views'):
        model.loss(views_of(num=1), [])
