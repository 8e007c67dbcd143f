"""Rows, trees and shares of ranks that property tests draw."""

import torch
from hypothesis import strategies as st

from hirl_mm.structures import NO_LEAF, PrototypeTree

SEEDS = st.integers(0, 2**31 - 1)


@st.composite
def grid_rows(draw, least=1, most=16):
    """Copies (n, D) of few rows of whole numbers, in any order.

    Sums of them are exact in float32, and many distances are equal.
    """
    dim = draw(st.integers(1, 4))
    row = st.lists(st.integers(-2, 2), min_size=dim, max_size=dim)
    distinct = draw(st.lists(row, min_size=1, max_size=5))
    number = st.integers(0, len(distinct) - 1)
    numbers = draw(st.lists(number, min_size=least, max_size=most))
    return torch.tensor(distinct).float()[torch.tensor(numbers)]


@st.composite
def random_rows(draw, least=1, most=40):
    """Rows (n, D) of any direction and length, some of them copies."""
    num, dim = draw(st.integers(least, most)), draw(st.integers(1, 9))
    generator = torch.Generator().manual_seed(draw(SEEDS))
    rows = torch.randn(num, dim, generator=generator)
    rows *= 0.1 + torch.rand(num, 1, generator=generator)
    copies = draw(st.integers(0, num // 2))
    if copies:
        rows[-copies:] = rows[:copies]
    return rows


def any_rows(least=1):
    return grid_rows(least) | random_rows(least)


@st.composite
def shares(draw, num, most_ranks=4):
    """Numbers 0 to ``num - 1`` of every rank; a rank may have none."""
    world_size = draw(st.integers(1, most_ranks))
    owner = st.integers(0, world_size - 1)
    owners = draw(st.lists(owner, min_size=num, max_size=num))
    order = draw(st.permutations(range(num)))
    return [
        torch.tensor([i for i in order if owners[i] == rank]).long()
        for rank in range(world_size)
    ]


@st.composite
def trees(draw, least_images=0):
    """Trees of any shape: branches without images, images without leaf."""
    nums = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    parents = [
        draw(st.lists(st.integers(0, above - 1), min_size=num, max_size=num))
        for num, above in zip(nums, nums[1:], strict=False)
    ]
    leaf = draw(
        st.lists(
            st.integers(NO_LEAF, nums[0] - 1),
            min_size=least_images,
            max_size=20,
        )
    )
    objective = st.floats(0) | st.just(float('nan'))
    generator = torch.Generator().manual_seed(draw(SEEDS))
    return PrototypeTree(
        [torch.randn(num, 3, generator=generator) for num in nums],
        [torch.tensor(parent) for parent in parents],
        torch.tensor(leaf).long(),
        draw(st.lists(objective, min_size=len(nums), max_size=len(nums))),
        draw(st.sampled_from(['', '0123abcd'])),
    )
