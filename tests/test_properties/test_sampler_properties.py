"""What holds for the samples of an epoch, over any number of ranks."""

from collections import Counter

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from hirl_mm.datasets.samplers import HierarchicalSampler, NeighborPairSampler
from hirl_mm.structures import NO_LEAF
from tests.property_inputs import SEEDS, trees
from tests.ranks import on_ranks
from tests.test_datasets.test_neighbor_pair_sampler import Numbers


def other_images(num_images):
    """Draws positives that tell whose they are: i + 1, i + 2 and so on."""

    def draw(num, generator):
        steps = torch.randint(
            1, num_images, (num_images, num), generator=generator
        )
        return (torch.arange(num_images)[:, None] + steps) % num_images

    return draw


def epochs(build, world_size, numbers=(0, 1, 0)):
    """The samples of every rank, in epochs of these numbers.

    Checks what no sampler may break: a rank has as many samples as it says,
    and an epoch that comes again has the same ones.
    """

    def sample(rank):
        sampler = build()
        found = []
        for number in numbers:
            sampler.set_epoch(number)
            found.append(list(sampler))
            assert len(found[-1]) == len(sampler)
        return found

    by_rank = on_ranks(world_size, sample)
    for found in by_rank:
        assert found[0] == found[2]
    return [[found[number] for found in by_rank] for number in range(2)]


def in_turn(parts, size=1):
    """Groups of ``size`` samples of all ranks, which take turns."""
    groups = [
        [part[i : i + size] for i in range(0, len(part), size)]
        for part in parts
    ]
    most = max(map(len, groups))
    return [
        group[turn]
        for turn in range(most)
        for group in groups
        if turn < len(group)
    ]


@given(
    st.integers(2, 12),
    st.integers(1, 5),
    st.integers(1, 3),
    st.booleans(),
    st.booleans(),
    SEEDS,
)
def test_every_image_is_an_anchor_once(
    num, world_size, num_positives, shuffle, round_up, seed
):
    dataset = Numbers(num)

    def build():
        sampler = NeighborPairSampler(
            dataset,
            num_positives,
            shuffle=shuffle,
            seed=seed,
            round_up=round_up,
        )
        sampler.set_positives(other_images(num))
        return sampler

    for parts, alone in zip(
        epochs(build, world_size), epochs(build, 1), strict=True
    ):
        groups, whole = (
            in_turn(each, 1 + num_positives) for each in (parts, alone)
        )
        padding = -num % world_size if round_up else 0
        assert groups == (whole * world_size)[: num + padding]
        assert sorted(group[0] for group in whole) == list(range(num))
        for anchor, *positives in groups:
            assert anchor not in positives and len(positives) == num_positives
        sizes = [len(part) for part in parts]
        assert max(sizes) - min(sizes) <= (not round_up) * (1 + num_positives)


@given(st.integers(2, 12), st.integers(1, 4), SEEDS, st.data())
def test_images_that_cannot_be_read_are_replaced(num, world_size, seed, data):
    absent = data.draw(st.sets(st.integers(0, num - 1), max_size=num - 1))
    left_out = torch.zeros(num, dtype=torch.bool)
    left_out[list(absent)] = True
    dataset = Numbers(num)

    def build():
        sampler = NeighborPairSampler(dataset, seed=seed)
        sampler.set_positives(other_images(num), left_out)
        return sampler

    for parts in epochs(build, world_size):
        anchors = [anchor for anchor, _ in in_turn(parts, 2)]
        assert not absent.intersection(anchors)
        present = Counter(anchors[:num])
        assert set(present) == set(range(num)) - absent
        assert present.total() == num


@given(
    trees(least_images=1),
    st.integers(1, 5),
    st.integers(2, 4),
    st.booleans(),
    SEEDS,
)
def test_draws_of_a_tree_are_those_of_one_rank_and_even(
    tree, world_size, max_repeats, round_up, seed
):
    assume((tree.leaf != NO_LEAF).any())
    num = len(tree.leaf)
    dataset = Numbers(num)

    def build():
        sampler = HierarchicalSampler(dataset, max_repeats, seed, round_up)
        sampler.set_tree(tree)
        return sampler

    for parts, (whole,) in zip(
        epochs(build, world_size), epochs(build, 1), strict=True
    ):
        padding = -num % world_size if round_up else 0
        drawn = sum(in_turn(parts), [])
        assert drawn == (whole * world_size)[: num + padding]
        assert_even(tree, Counter(whole), max_repeats)


def assert_even(tree, counts, max_repeats):
    """Check how often images come: as evenly over branches as they can."""
    num_with_leaf = int((tree.leaf != NO_LEAF).sum())
    most = max(max_repeats, -(-len(tree.leaf) // num_with_leaf))
    assert max(counts.values()) <= most
    assert counts.total() == len(tree.leaf)
    assert all(tree.leaf[image] != NO_LEAF for image in counts)
    for level, num in enumerate(tree.num_prototypes):
        taken = [
            sum(counts[i] for i in tree.members(level, node).tolist())
            for node in range(num)
        ]
        full = [most * int(size) for size in tree.sizes(level)]
        groups = (
            [range(num)]
            if level == tree.num_levels - 1
            else [
                tree.children(level + 1, node).tolist()
                for node in range(tree.num_prototypes[level + 1])
            ]
        )
        for group in groups:
            largest = max((taken[node] for node in group), default=0)
            # One has less than another by two only if it has all it can take.
            for node in group:
                assert taken[node] == full[node] or taken[node] >= largest - 1
        if not level:
            for node in range(num):
                each = [counts[i] for i in tree.members(0, node).tolist()]
                assert max(each, default=0) - min(each, default=0) <= 1
