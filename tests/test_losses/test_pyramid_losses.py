"""The losses of SS-PRL by hand; test_pyramid_head.py has the formulas."""

import math

import pytest
import torch

from hirl_mm.losses import cross_scale_loss, pyramid_loss


def close(value):
    return pytest.approx(value, rel=1e-5)


# Two images, two prototypes; each image belongs to one of them.
OWN = torch.eye(2)
BOTH = torch.stack((OWN, OWN))


def test_pyramid_loss_by_hand():
    logits = torch.stack((3 * OWN, 5 * OWN))
    first = math.log(1 + math.exp(-5))  # the second view predicts the first
    second = math.log(1 + math.exp(-3))
    found = pyramid_loss([logits, logits], [BOTH, BOTH], [1.0, 0.5])
    assert found.item() == close(1.5 * (first + second) / 2)
    summed = pyramid_loss(
        [logits, logits], [BOTH, BOTH], [1.0, 0.5], reduction='paper'
    )
    assert summed.item() == close(1.5 * (first + second))


def test_cross_scale_loss_by_hand():
    """Two patches per image: one speaks for each prototype in group 1."""
    clear = torch.stack((OWN, OWN))
    unclear = torch.stack((OWN, 1 - OWN))
    scores = torch.stack((clear, unclear))  # (2, M, B, K)
    args = [scores], BOTH, [OWN], [1.0]
    sure = math.log(1 + math.exp(-10))
    # The mean of the unclear ones has the direction (1, 1).
    expected = (sure + math.log(2)) / 2
    assert cross_scale_loss(*args).item() == close(expected)
    swapped = [scores], torch.stack((OWN, 1 - OWN)), [OWN], [1.0]
    wrong = sure + 10
    assert cross_scale_loss(*swapped).item() == close(
        (sure + wrong + 2 * math.log(2)) / 4
    )
    assert cross_scale_loss(*swapped, pairs='matched').item() == (
        close((sure + math.log(2)) / 2)
    )
    p = 1 / (1 + math.exp(-10))
    probable = math.log(1 + math.exp(-10 * (2 * p - 1)))
    assert cross_scale_loss(*args, g_input='prob').item() == (
        close((probable + math.log(2)) / 2)
    )


def test_without_patches_the_cross_scale_loss_is_zero():
    assert cross_scale_loss([], BOTH, [], []) == 0


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(reduction='mean'), "reduction must be one of .*'mean'"),
        (dict(g_input='patches'), "g_input must be one of .*'patches'"),
        (dict(pairs='first'), "pairs must be one of .*'first'"),
    ],
)
def test_unknown_options(options, message):
    with pytest.raises(ValueError, match=message):
        cross_scale_loss([BOTH[:, None]], BOTH, [OWN], [1.0], **options)
    if 'reduction' in options:
        with pytest.raises(ValueError, match=message):
            pyramid_loss([BOTH], [BOTH], [1.0], **options)


def test_numbers_of_scales_differ():
    with pytest.raises(ValueError, match='argument'):
        pyramid_loss([BOTH, BOTH], [BOTH, BOTH], [1.0])
    with pytest.raises(ValueError, match='argument'):
        cross_scale_loss([BOTH[:, None]], BOTH, [OWN, OWN], [1.0])
