"""Random parameters are distributed as those of MMPreTrain's transforms."""

import numpy as np
import pytest
import torch
from mmpretrain.datasets import transforms as mmpretrain
from scipy.stats import binomtest, chisquare, ks_2samp, kstest

from hirl_mm.datasets.transforms import TwoSizeCrop
from hirl_mm.views import (
    ColorJitter,
    Flip,
    GaussianBlur,
    Grayscale,
    RandomResizedCrop,
    Solarize,
)

NUM = 10_000
LEAST = 1e-3
# More wide crops than high ones.
ASPECTS = (0.7, 1.9)


def drawn(step, size=(30, 40)):
    generator = torch.Generator().manual_seed(0)
    return step.draw(torch.tensor([size]).expand(NUM, 2), generator)


@pytest.mark.parametrize(
    ('size', 'share', 'fallbacks'),
    [
        ((300, 400), (0.08, 1.0), False),
        # No crop of these fits: the fallback.
        ((40, 1000), (0.5, 1.0), True),
        ((700, 20), (0.3, 0.5), True),
        # Most fit at a later try.
        ((100, 180), (0.6, 1.0), False),
        ((1, 1), (0.08, 1.0), False),
        ((2, 5), (0.08, 1.0), False),
    ],
)
def test_crops(size, share, fallbacks):
    np.random.seed(0)
    image = np.empty((*size, 3), np.uint8)
    ranges = dict(crop_ratio_range=share, aspect_ratio_range=ASPECTS)
    transform = mmpretrain.RandomResizedCrop(224, **ranges)
    expected = np.array(
        [transform.rand_crop_params(image) for _ in range(NUM)]
    )
    boxes = drawn(RandomResizedCrop((224, 224), **ranges), size).numpy()
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] >= 1).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= size).all()
    middle = len(np.unique(expected, axis=0)) == 1
    assert middle == fallbacks or size == (1, 1)
    if middle:
        assert np.array_equal(boxes, expected)
    for mine, theirs in zip(
        (*boxes.T, boxes[:, 2] * boxes[:, 3], boxes[:, 3] / boxes[:, 2]),
        (
            *expected.T,
            expected[:, 2] * expected[:, 3],
            expected[:, 3] / expected[:, 2],
        ),
        strict=True,
    ):
        assert ks_2samp(mine, theirs).pvalue > LEAST


@pytest.mark.parametrize('size', [(300, 400), (40, 1000), (700, 20), (9, 13)])
def test_crops_of_two_sizes_fall_back_alike(size):
    np.random.seed(0)
    transform = TwoSizeCrop(8, 8, (0.4, 1.0))
    expected = np.array([transform._box(*size) for _ in range(NUM)])
    step = RandomResizedCrop((8, 8), (0.4, 1.0), second_size=(8, 8))
    boxes = drawn(step, size).numpy()
    for mine, theirs in zip(boxes.T, expected.T, strict=True):
        assert ks_2samp(mine, theirs).pvalue > LEAST


def test_without_tries_the_crop_is_in_the_middle():
    boxes = drawn(RandomResizedCrop((8, 8), num_tries=0), (20, 100))
    assert boxes.unique(dim=0).tolist() == [[0, 36, 20, 27]]


def test_colours():
    np.random.seed(0)
    transform = mmpretrain.ColorJitter(0.4, 0.4, 0.2, 0.1)
    theirs = [transform._rand_params() for _ in range(NUM)]
    step = ColorJitter((0.6, 1.4), (0.6, 1.4), (0.8, 1.2), (-0.1, 0.1), 0.8)
    values = drawn(step)
    for i in range(4):
        expected = [row[i + 1] for row in theirs]
        found = values.factors[:, i].numpy()
        assert ks_2samp(found, expected).pvalue > LEAST
    codes = (values.order * torch.tensor([64, 16, 4, 1])).sum(1)
    counts = codes.unique(return_counts=True)[1]
    assert len(counts) == 24 and chisquare(counts).pvalue > LEAST
    assert binomtest(int(values.applied.sum()), NUM, 0.8).pvalue > LEAST
    # Independent of each other.
    table = torch.cat([values.factors, values.order[:, :1]], 1)
    correlations = torch.corrcoef(table.T) - torch.eye(5)
    assert correlations.abs().max() < 0.05


def test_radii():
    np.random.seed(0)
    transform = mmpretrain.GaussianBlur(
        magnitude_range=(0.1, 2.0), magnitude_std='inf', prob=0.5
    )
    radii = drawn(GaussianBlur((0.1, 2.0), 0.5)).numpy()
    applied = radii[radii > 0]
    assert binomtest(len(applied), NUM, 0.5).pvalue > LEAST
    theirs = [transform.random_magnitude() for _ in range(NUM)]
    assert ks_2samp(applied, theirs).pvalue > LEAST
    assert kstest(applied, 'uniform', (0.1, 1.9)).pvalue > LEAST


@pytest.mark.parametrize('step', [Flip(0.3), Grayscale(0.3), Solarize(9, 0.3)])
def test_probabilities(step):
    chosen = drawn(step)
    assert binomtest(int(chosen.sum()), NUM, 0.3).pvalue > LEAST
    assert not drawn(type(step)(**vars(step) | dict(prob=0.0))).any()
    assert drawn(type(step)(**vars(step) | dict(prob=1.0))).all()
