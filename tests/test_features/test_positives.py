"""Draws of positives: who can be drawn, how often, and the random state."""

import pytest
import torch

from hirl_mm.features import draw_members, draw_neighbors


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_neighbors_of_the_row_alone():
    neighbors = torch.arange(40).reshape(10, 4).flip(1)
    drawn = draw_neighbors(neighbors, 3, seeded())
    assert drawn.shape == (10, 3)
    for row, table in zip(drawn.tolist(), neighbors.tolist(), strict=True):
        assert set(row) <= set(table)
        assert len(set(row)) == 3


@pytest.mark.parametrize('num', [1, 2, 3])
def test_every_neighbor_comes_equally_often_at_every_place(num):
    neighbors = torch.arange(4).expand(40000, 4)
    drawn = draw_neighbors(neighbors, num, seeded())
    for place in drawn.T:
        share = place.bincount(minlength=4) / len(place)
        assert (share - 0.25).abs().max() < 0.01


def test_pairs_come_equally_often():
    drawn = draw_neighbors(torch.arange(3).expand(60000, 3), 2, seeded())
    share = (drawn[:, 0] * 3 + drawn[:, 1]).bincount(minlength=9) / len(drawn)
    expected = (1 - torch.eye(3).flatten()) / 6
    assert (share - expected).abs().max() < 0.01


@pytest.mark.parametrize('num', [0, 5])
def test_more_neighbors_than_there_are(num):
    with pytest.raises(ValueError, match=f'^{num} .* from 4'):
        draw_neighbors(torch.arange(12).reshape(3, 4), num)


LABELS = torch.tensor([2, 0, 2, 5, 0, 2, -1, 0, -1])
OTHERS = [{2, 5}, {4, 7}, {0, 5}, {3}, {1, 7}, {0, 2}, {6}, {1, 4}, {8}]


def test_other_members_of_the_cluster_equally_often():
    drawn = draw_members(LABELS, 4000, seeded())
    for row, others in zip(drawn, OTHERS, strict=True):
        values, counts = row.unique(return_counts=True)
        assert set(values.tolist()) == others
        share = counts / counts.sum()
        assert (share - 1 / len(others)).abs().max() < 0.05


def test_members_need_a_number():
    with pytest.raises(ValueError, match='got 0'):
        draw_members(LABELS, 0)


@pytest.mark.parametrize(
    'draw',
    [
        lambda g: draw_neighbors(torch.arange(40).reshape(10, 4), 2, g),
        lambda g: draw_members(torch.arange(40) // 4, 2, g),
    ],
)
def test_a_draw_follows_from_its_generator(draw):
    state = torch.get_rng_state()
    first, again, other = draw(seeded()), draw(seeded()), draw(seeded(1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
