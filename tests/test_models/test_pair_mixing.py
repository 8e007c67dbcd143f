"""CutMix and MixUp of pairs: pixels, shares, boxes and random numbers."""

import pytest
import torch

from hirl_mm.models import PairCutMix, PairMixUp
from hirl_mm.models.modules.pair_mixing import cutmix, cutmix_box

ANCHORS = torch.zeros(2, 3, 20, 30)
POSITIVES = torch.ones(2, 3, 20, 30)


@pytest.mark.parametrize(
    ('share', 'centre', 'box'),
    [
        # Sides of 10 and 15 around (10, 15).
        (0.75, (0.5, 0.5), (5, 15, 8, 22)),
        # The same, cut at two borders.
        (0.75, (0, 0.95), (0, 5, 21, 30)),
        (1, (0.5, 0.5), (10, 10, 15, 15)),
        (0, (0.5, 0.5), (0, 20, 0, 30)),
    ],
)
def test_box(share, centre, box):
    assert cutmix_box(20, 30, share, centre) == box


def test_box_of_everything_covers_a_quarter_at_least():
    for y in (0, 0.3, 0.5, 0.999):
        for x in (0, 0.7, 0.999):
            top, bottom, left, right = cutmix_box(224, 224, 0, (y, x))
            assert 4 * (bottom - top) * (right - left) >= 224 * 224


def test_pixels_inside_and_outside_of_the_box():
    anchors, positives = torch.rand(2, 2, 3, 20, 30)
    before = anchors.clone(), positives.clone()
    mixed, share = cutmix(anchors, positives, (5, 15, 8, 22))
    inside = torch.zeros(20, 30, dtype=torch.bool)
    inside[5:15, 8:22] = True
    assert torch.equal(mixed[..., inside], positives[..., inside])
    assert torch.equal(mixed[..., ~inside], anchors[..., ~inside])
    assert share == 1 - 140 / 600
    assert torch.equal(anchors, before[0])
    assert torch.equal(positives, before[1])


@pytest.mark.parametrize('mix', [PairCutMix(), PairMixUp()])
def test_share_is_that_of_the_anchor(mix):
    for _ in range(20):
        mixed, share = mix(ANCHORS, POSITIVES)
        assert mixed.mean().item() == pytest.approx(1 - share, abs=1e-5)
        # One box and one share for the whole batch.
        assert torch.equal(mixed[0], mixed[1])


def test_mixup_is_an_average():
    anchors, positives = torch.rand(2, 2, 3, 4, 4)
    mixed, share = PairMixUp()(anchors, positives)
    expected = share * anchors + (1 - share) * positives
    torch.testing.assert_close(mixed, expected)


@pytest.mark.parametrize(('alpha', 'deviation'), [(1, 12), (2, 20)])
def test_shares_are_of_the_beta_distribution(alpha, deviation):
    """Variance 1 / (8 alpha + 4), and of 1 evenly spread."""
    mix = PairMixUp(alpha)
    shares = [
        mix(ANCHORS[..., :1, :1], ANCHORS[..., :1, :1])[1] for _ in range(4000)
    ]
    shares = torch.tensor(shares)
    assert shares.mean() == pytest.approx(0.5, abs=0.02)
    assert 1 / shares.var() == pytest.approx(deviation, rel=0.08)


def test_boxes_are_anywhere():
    counts = torch.zeros(20, 30)
    for _ in range(800):
        counts += PairCutMix()(ANCHORS, POSITIVES)[0][0, 0]
    assert counts.min() > 60
    corners = counts[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.max() < counts[10, 15]
    assert corners.min() > 0.5 * corners.max()


@pytest.mark.parametrize('kind', [PairCutMix, PairMixUp])
def test_random_numbers_are_those_of_pytorch(kind):
    mix = kind()
    torch.manual_seed(7)
    first = mix(ANCHORS, POSITIVES)
    torch.manual_seed(7)
    again = mix(ANCHORS, POSITIVES)
    assert torch.equal(first[0], again[0]) and first[1] == again[1]
    with pytest.raises(ValueError, match='got 0'):
        kind(0)
