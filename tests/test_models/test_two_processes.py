"""Two processes with half of the batch each train like one with the whole.

Each method promises it but for the statistics of batch normalisation, which
every process takes from its own half; here the running ones stand in.
"""

from functools import partial

import pytest
import torch
from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm

from tests.algorithms import DIM, build, step_samples
from tests.samples import IDX
from tests.trees import random_tree
from tests.two_processes import (
    Case,
    assert_same_training,
    loss_gap,
    train,
    train_in_two,
)

pytestmark = pytest.mark.slow

METHODS = ('MoCo', 'SimSiam', 'MoCoV3', 'BEiT', 'DINO', 'iBOT', 'HCCL')
ALIKE = [(name, hirl, 'running') for name in METHODS for hirl in (False, True)]
OF_THE_BATCH = [(name, False, 'batch') for name in METHODS[:3]]
# The path loss is computed in float32.
TOLERANCES = {
    False: dict(rtol=1e-9, atol=1e-10),
    True: dict(rtol=1e-4, atol=1e-5),
}


def narrow(name, hirl, statistics, **options):
    """In float64, so that rounding is told from a wrong formula."""
    torch.manual_seed(0)
    model = build(name, hirl, **options).double()
    if hirl:
        model.set_tree(random_tree((9, 4, 2), dim=DIM))
    if model.target_generator is not None:
        # Casts its inputs, not its weights.
        model.target_generator.float()
    for module in model.modules():
        if statistics == 'running' and isinstance(module, _BatchNorm):
            module.eval()
    return model


def batches(name, samples_of):
    """Three steps: the queue of MoCo gets and serves keys of the others."""
    generator = torch.Generator().manual_seed(1)
    return [
        (
            [
                torch.randn(8, 3, 32, 32, generator=generator).double()
                for _ in range(2)
            ],
            samples_of(name, IDX),
        )
        for _ in range(3)
    ]


def unevenly_masked(name, sample_idx):
    """Two patches in the first half of the batch, eight in the second."""
    samples = step_samples(name, sample_idx)
    for place, sample in enumerate(samples):
        masked = torch.zeros(16, dtype=torch.long)
        masked[: 2 if place < 4 else 8] = 1
        sample.set_mask(masked.reshape(4, 4))
    return samples


def case(name, hirl, statistics, samples_of=step_samples):
    return Case(
        partial(narrow, name, hirl, statistics),
        partial(batches, name, samples_of),
    )


CASES = {args: case(*args) for args in ALIKE + OF_THE_BATCH}
CASES['target'] = Case(
    partial(narrow, 'HCCL', True, 'running', momentum=0.6),
    partial(batches, 'HCCL', step_samples),
)
CASES['uneven'] = case('BEiT', False, 'running', unevenly_masked)


@pytest.fixture(scope='module')
def in_two(tmp_path_factory):
    return train_in_two(CASES, tmp_path_factory.mktemp('ranks'))


def ids(args):
    name, hirl, statistics = args
    return f'{"HIRL" if hirl else ""}{name}-{statistics}'


@pytest.mark.parametrize('args', ALIKE, ids=ids)
def test_halves_of_the_batch_train_like_the_whole(args, in_two):
    alone = train(CASES[args])
    _, hirl, _ = args
    assert len(alone['losses']) == 3
    assert all(('loss_spd' in parts) == hirl for parts in alone['losses'])
    assert all(gradients for gradients in alone['gradients'])
    # the steps are not one step thrice
    totals = [sum(parts.values()) for parts in alone['losses']]
    assert max(totals) - min(totals) > 1e-3
    assert_same_training(alone, in_two[args], **TOLERANCES[hirl])


def test_halves_of_the_batch_move_the_target_like_the_whole(in_two):
    alone = train(CASES['target'])
    state = alone['state']
    weight = 'neck.levels.0.fc0.weight'
    assert not torch.equal(state[weight], state[f'target.{weight}'])
    assert_same_training(alone, in_two['target'], **TOLERANCES[True])


@pytest.mark.parametrize('args', OF_THE_BATCH, ids=ids)
def test_statistics_of_the_batch_tell_halves_from_the_whole(args, in_two):
    assert loss_gap(train(CASES[args]), in_two[args]) > 1e-3


def test_beit_averages_over_the_masked_patches_of_a_process(in_two):
    """Equal when all images have equally many, as its generator makes."""
    alone = train(CASES['uneven'])
    assert loss_gap(alone, in_two['uneven']) > 1e-3
