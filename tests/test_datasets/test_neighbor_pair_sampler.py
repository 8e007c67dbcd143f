"""Anchors and positives of an epoch, as indices of samples."""

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.registry import DATA_SAMPLERS
from mmpretrain.datasets import CustomDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from hirl_mm.datasets import samplers
from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.image_numbers import image_numbers
from hirl_mm.datasets.samplers import NeighborPairSampler
from hirl_mm.datasets.wrappers import build_dataset

NUM = 12


@DATASETS.register_module(force=True)
class Numbers(CustomDataset):
    """Images that are their names, 0 to ``num - 1``."""

    def __init__(self, num, first=0):
        self.names = range(first, first + num)
        super().__init__(
            data_prefix='nowhere', metainfo=dict(classes=['a', 'b'])
        )

    def load_data_list(self):
        return [
            dict(img_path=f'{name}.png', gt_label=int(name % 4 == 0))
            for name in self.names
        ]

    def __getitem__(self, idx):
        return int(self.get_data_info(idx)['img_path'][:-4])


def next_but_one(num, generator):
    """The positives of image i: i + 2, i + 3 and so on, in a circle."""
    start = torch.arange(2, 2 + num)
    return (torch.arange(NUM)[:, None] + start) % NUM


def any_other(num, generator):
    steps = torch.randint(1, NUM, (NUM, num), generator=generator)
    return (torch.arange(NUM)[:, None] + steps) % NUM


def sampler_of(dataset=None, draw=next_but_one, **options):
    sampler = NeighborPairSampler(dataset or Numbers(NUM), seed=3, **options)
    if draw is not None:
        sampler.set_positives(draw)
    return sampler


def groups(sampler):
    return np.array(list(sampler)).reshape(-1, sampler.group_size)


def test_anchors_are_those_of_the_default_sampler():
    for epoch in (0, 1):
        sampler = sampler_of()
        plain = DefaultSampler(sampler.dataset, seed=3)
        for one in (sampler, plain):
            one.set_epoch(epoch)
        assert groups(sampler)[:, 0].tolist() == list(plain)


@pytest.mark.parametrize('num', [1, 2])
def test_positives_come_behind_their_anchor(num):
    sampler = sampler_of(num_positives=num)
    found = groups(sampler)
    assert len(sampler) == (1 + num) * NUM == found.size
    for anchor, *positives in found.tolist():
        assert positives == [(anchor + 2 + i) % NUM for i in range(num)]


def test_draws_follow_from_seed_and_epoch():
    sampler = sampler_of(draw=any_other, shuffle=False)
    first, again = groups(sampler), groups(sampler)
    assert (first == again).all()
    sampler.set_epoch(1)
    assert (groups(sampler) != first).any()
    sampler.set_epoch(0)
    sampler.seed = 4
    assert (groups(sampler) != first).any()


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_share_the_pairs_of_one_process(world_size, monkeypatch):
    whole = groups(sampler_of(draw=any_other))
    module = samplers.neighbor_pair_sampler.DefaultSampler.__init__
    for rank in range(world_size):
        monkeypatch.setitem(
            module.__globals__, 'get_dist_info', lambda r=rank: (r, world_size)
        )
        share = groups(sampler_of(draw=any_other))
        assert (share == whole[rank::world_size]).all()


@pytest.mark.parametrize('num', [1, 2])
def test_own_positives(num):
    sampler = sampler_of(draw=None, num_positives=num, own_positives=True)
    found = groups(sampler)
    assert sorted(found[:, 0]) == list(range(NUM))
    assert (found == found[:, :1]).all()


def test_images_that_cannot_be_read_are_no_anchors():
    absent = torch.zeros(NUM, dtype=torch.bool)
    absent[[0, 5, 11]] = True
    sampler = sampler_of(shuffle=False)
    sampler.set_positives(next_but_one, absent)
    found, all_found = groups(sampler), set()
    kept = ~absent.numpy()
    assert (found[kept, 0] == np.arange(NUM)[kept]).all()
    assert ((found[:, 0] + 2) % NUM == found[:, 1]).all()
    for epoch in range(40):
        sampler.set_epoch(epoch)
        all_found |= set(groups(sampler)[~kept, 0].tolist())
    assert all_found == set(np.flatnonzero(kept).tolist())


def test_without_positives():
    with pytest.raises(ValueError, match='NeighborBankHook.*own_positives'):
        iter(sampler_of(draw=None))
    with pytest.raises(ValueError, match='got 0'):
        sampler_of(num_positives=0)


def test_is_built_by_name():
    sampler = DATA_SAMPLERS.build(
        dict(type='hirl_mm.NeighborPairSampler', num_positives=2),
        default_args=dict(dataset=Numbers(NUM), seed=1),
    )
    assert type(sampler) is NeighborPairSampler and sampler.seed == 1


def nested():
    """12 images: 4 once, one of 4 twice, 4 twice."""
    balanced = dict(
        type='ClassBalancedDataset',
        dataset=dict(type='Numbers', num=4, first=4),
        oversample_thr=0.5,
    )
    repeated = dict(
        type='RepeatDataset',
        dataset=dict(type='Numbers', num=4, first=8),
        times=2,
    )
    inner = dict(type='ConcatDataset', datasets=[balanced, repeated])
    return build_dataset(
        dict(
            type='ConcatDataset',
            datasets=[dict(type='Numbers', num=4), inner],
        )
    )


def test_numbers_of_repeated_images():
    dataset = nested()
    numbers, images = image_numbers(dataset), distinct_images(dataset)
    assert len(numbers) == len(dataset) == 17
    assert len(images) == NUM
    for sample, number in enumerate(numbers):
        assert dataset[sample] == images[number]


def test_positives_of_repeated_images():
    dataset = nested()
    for anchor, positive in groups(sampler_of(dataset)):
        assert dataset[positive] == (dataset[anchor] + 2) % NUM


def test_persistent_workers_get_new_positives():
    dataset = Numbers(NUM)
    sampler = sampler_of(dataset, draw=None, own_positives=True)
    loader = DataLoader(
        dataset,
        batch_size=4,
        sampler=sampler,
        num_workers=1,
        persistent_workers=True,
    )

    def pairs():
        return torch.cat(list(loader)).reshape(-1, 2)

    before = pairs()
    sampler.set_positives(next_but_one)
    after = pairs()
    assert torch.equal(before[:, 0], before[:, 1])
    assert torch.equal((after[:, 0] + 2) % NUM, after[:, 1])
