import pytest
import torch
from torch import nn

from hirl_mm.checkpoints.matching import (
    evaluated_prefix,
    match,
    prefixes_of,
    required_weights,
    strip_prefix,
)
from hirl_mm.checkpoints.mismatch import first_names


def tensors(*shapes, **named):
    named |= {f'w{i}': shape for i, shape in enumerate(shapes)}
    return {name: torch.zeros(shape) for name, shape in named.items()}


def test_every_weight_is_matched_missing_or_of_another_shape():
    wanted = tensors(a=(2, 3), b=(4,), c=(1,), d=())
    state = tensors(a=(2, 3), b=(4, 1), d=(), e=(5,))
    found = match(wanted, state)
    assert found.matched == ['a', 'd']
    assert found.missing == ['c']
    assert found.wrong_shape == {'b': ((4,), (4, 1))}
    assert found.unused == ['e']
    assert found.total == 4


@pytest.mark.parametrize(
    ('held', 'total', 'enough'),
    [
        (19, 20, True),
        (18, 20, False),
        (94, 99, False),
        (95, 100, True),
        (94, 100, False),
        (57, 60, True),
        (56, 60, False),
    ],
)
def test_least_share(held, total, enough):
    wanted = tensors(*[(1,)] * total)
    state = {k: wanted[k] for k in list(wanted)[:held]}
    assert match(wanted, state).fits is enough


def test_running_statistics_count_and_counters_do_not():
    names = set(required_weights(nn.BatchNorm1d(3)))
    assert names == {'weight', 'bias', 'running_mean', 'running_var'}
    index = nn.Module()
    index.register_buffer('relative_position_index', torch.zeros(2))
    index.register_buffer('scale', torch.zeros(2))
    index.register_buffer('hidden', torch.zeros(2), persistent=False)
    assert set(required_weights(index)) == {'scale'}
    assert not match({}, tensors(**{'bn.num_batches_tracked': ()})).unused


@pytest.mark.parametrize(
    ('keys', 'prefix'),
    [
        (['backbone.a', 'teacher.backbone.a', 'neck.a'], 'teacher.backbone.'),
        (['encoder_k.module.0.a', 'backbone.a'], 'backbone.'),
        (['student.backbone.a', 'backbone.a'], 'backbone.'),
        (['module.backbone.a', 'module.neck.b'], 'module.backbone.'),
        (
            ['module.backbone.a', 'module.teacher.backbone.a'],
            'module.teacher.backbone.',
        ),
        (['conv1.weight', 'encoder_k.0.conv1.weight'], ''),
        (['student.backbone.a'], ''),
        (['backbones.a'], ''),
        ([], ''),
    ],
)
def test_prefix_of_what_is_evaluated(keys, prefix):
    assert evaluated_prefix(iter(keys)) == prefix


def test_part_under_a_prefix():
    state = tensors(**{'a.b.w': (1,), 'a.w': (2,), 'x.a.w': (3,)})
    assert {k: v.shape[0] for k, v in strip_prefix(state, 'a.').items()} == {
        'b.w': 1,
        'w': 2,
    }
    assert strip_prefix(state, '') == state


def test_prefixes_come_best_first():
    names = ['stem.weight', 'stem.bias', 'head.weight']
    keys = [f'encoder.{name}' for name in names]
    keys += ['a.b.stem.weight', 'a.b.head.weight', 'stem.bias', 'c.other']
    assert prefixes_of(names, keys) == ['encoder.', 'a.b.', '']


def test_stray_names_are_no_prefix():
    names = [f'layer{i}.weight' for i in range(20)]
    keys = ['neck.layer3.weight', 'x.layer1.weight', 'x.layer2.weight']
    assert prefixes_of(names, keys) == ['x.']


def test_long_lists_are_cut():
    assert first_names(['a', 'b', 'c', 'd', 'e']) == 'a, b, c, d, e'
    assert first_names(list('abcdefg')) == 'a, b, c, d, e and 2 more'
