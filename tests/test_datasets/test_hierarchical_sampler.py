"""Samples of an epoch that is balanced over the branches of a tree."""

from collections import Counter

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import DataLoader

from hirl_mm.datasets import samplers
from hirl_mm.datasets.image_numbers import image_numbers
from hirl_mm.datasets.samplers import HierarchicalSampler
from tests.test_datasets.test_neighbor_pair_sampler import Numbers, nested
from tests.trees import tree_of

# Leaf 0 has one image, leaf 1 two and leaf 2, alone in its branch, eight;
# the last image could not be read.
LEAF = [2, 0, 2, 2, 1, 1, 2, 2, 2, 2, 2, -1]
NUM = len(LEAF)


def tree():
    return tree_of(LEAF, [0, 0, 1])


def sampler_of(dataset=None, epoch=0, given=True, **options):
    sampler = HierarchicalSampler(dataset or Numbers(NUM), seed=3, **options)
    if given:
        sampler.set_tree(tree())
    sampler.set_epoch(epoch)
    return sampler


def test_without_a_tree_it_is_the_default_sampler():
    for epoch in (0, 1):
        sampler = sampler_of(epoch=epoch, given=False)
        plain = DefaultSampler(sampler.dataset, seed=3)
        plain.set_epoch(epoch)
        assert list(sampler) == list(plain) and len(sampler) == NUM


@pytest.mark.parametrize(
    ('max_repeats', 'counts'), [(2, [2, 4, 6]), (4, [3, 3, 6])]
)
def test_branches_are_balanced(max_repeats, counts):
    """Six for each top branch, if images may be repeated often enough.

    With at most two of each image, those of the small branch are six; of
    these, leaf 0 has two, and four are left for leaf 1.
    """
    drawn = list(sampler_of(max_repeats=max_repeats))
    assert len(drawn) == NUM == len(sampler_of())
    of_leaf = Counter(LEAF[sample] for sample in drawn)
    assert [of_leaf[k] for k in (0, 1, 2, -1)] == [*counts, 0]
    assert max(Counter(drawn).values()) <= max_repeats
    assert drawn != sorted(drawn)


def test_epochs_differ_and_repeat():
    first, second = list(sampler_of()), list(sampler_of(epoch=1))
    assert first != second and sorted(first) != sorted(second)
    assert list(sampler_of(epoch=1)) == second
    every = {s for epoch in range(20) for s in sampler_of(epoch=epoch)}
    assert every == set(range(NUM - 1))


@pytest.mark.parametrize('round_up', [True, False])
@pytest.mark.parametrize('world_size', [2, 5])
def test_ranks_share_the_draw_of_one_process(
    world_size, round_up, monkeypatch
):
    whole = list(sampler_of(round_up=round_up))
    function = samplers.hierarchical_sampler.DefaultSampler.__init__
    missing = -NUM % world_size if round_up else 0
    whole += whole[:missing]
    for rank in range(world_size):
        monkeypatch.setitem(
            function.__globals__,
            'get_dist_info',
            lambda r=rank: (r, world_size),
        )
        share = sampler_of(round_up=round_up)
        assert list(share) == whole[rank::world_size]
        assert len(share) == len(list(share))


def test_more_ranks_than_samples(monkeypatch):
    function = samplers.hierarchical_sampler.DefaultSampler.__init__
    monkeypatch.setitem(
        function.__globals__, 'get_dist_info', lambda: (29, 30)
    )
    whole = [*range(NUM)]
    sampler = sampler_of()
    assert len(list(sampler)) == len(sampler) == 1
    assert list(sampler)[0] in whole


def test_samples_of_wrapped_data_sets():
    """An image that a data set repeats is one image of the tree."""
    dataset = nested()
    num = len(dataset)
    assert image_numbers(dataset).tolist() != list(range(num))
    images = image_numbers(dataset)[list(sampler_of(dataset))]
    # Half of 17 for each top branch, half of that for leaves 0 and 1.
    found = Counter(LEAF[i] for i in images)
    assert num == found.total() == 17 and set(found) == {0, 1, 2}
    assert abs(found[0] + found[1] - found[2]) == 1
    assert abs(found[0] - found[1]) <= 1


def test_workers_that_persist_follow_a_new_tree():
    sampler = sampler_of(given=False)
    loader = DataLoader(
        sampler.dataset,
        batch_size=4,
        sampler=sampler,
        num_workers=1,
        persistent_workers=True,
    )
    assert sorted(torch.cat(list(loader)).tolist()) == list(range(NUM))
    sampler.set_tree(tree())
    assert torch.cat(list(loader)).tolist() == list(sampler)


def test_registered_and_checked():
    sampler = DATA_SAMPLERS.build(
        dict(type='hirl_mm.HierarchicalSampler'),
        default_args=dict(dataset=Numbers(NUM), seed=1),
    )
    assert type(sampler) is HierarchicalSampler and sampler.seed == 1
    with pytest.raises(ValueError, match='at least 2, got 1: .* balanced'):
        HierarchicalSampler(Numbers(NUM), max_repeats=1)
