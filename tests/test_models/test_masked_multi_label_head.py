import math

import pytest
import torch
from mmpretrain.structures import DataSample

from hirl_mm.models import MaskedMultiLabelHead

ASYMMETRIC = dict(
    type='mmpretrain.AsymmetricLoss', gamma_pos=0.0, gamma_neg=4.0, clip=0.05
)


def sample(present, difficult=None):
    sample = DataSample().set_gt_score(torch.tensor(present))
    if difficult is not None:
        field = dict(name='gt_label_difficult', field_type='metainfo')
        sample.set_field(difficult, **field)
    return sample


def test_loss_leaves_out_what_is_difficult_alone():
    """Class 1 of image 0 counts, being there in plain sight too."""
    torch.manual_seed(0)
    head = MaskedMultiLabelHead(num_classes=3, in_channels=4).double()
    features = torch.randn(3, 4, dtype=torch.float64)
    samples = [
        sample([0, 1, 0], [1, 2]),
        sample([1, 0, 0], []),
        sample([0, 0, 0], None),
    ]
    logits = head((features,))
    logits.retain_grad()
    loss = head._get_loss(logits, samples)['loss']

    expected = 0.0
    for i, s in enumerate(samples):
        for k in range(3):
            if (i, k) == (0, 2):
                continue
            p = 1 / (1 + math.exp(-logits[i, k].item()))
            expected -= math.log(p if s.gt_score[k] else 1 - p) / 3
    assert loss.item() == pytest.approx(expected)
    loss.backward()
    assert (logits.grad == 0).nonzero().tolist() == [[0, 2]]
    assert head.loss((features,), samples)['loss'] == loss


def naive_asymmetric(logit, present):
    """The loss of one class of one image and its derivative, 2009.14119."""
    p = 1 / (1 + math.exp(-logit))
    slope = p * (1 - p)
    if present:
        return -math.log(p), -slope / p
    shifted = max(p - 0.05, 0)
    if shifted == 0:
        return 0.0, 0.0
    loss = -(shifted**4) * math.log(1 - shifted)
    outer = -4 * shifted**3 * math.log(1 - shifted)
    return loss, slope * (outer + shifted**4 / (1 - shifted))


def test_asymmetric_loss():
    """MMPreTrain's, summed over classes and averaged over images.

    Logits of a certain present class (-8), of an absent one below the margin
    (-4: a probability of 0.018) and just above it (-2.9).
    """
    head = MaskedMultiLabelHead(num_classes=4, in_channels=4, loss=ASYMMETRIC)
    rows = [[-8.0, -4.0, -2.9, 3.0], [0.3, 9.0, -1.2, 0.0]]
    logits = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    samples = [sample([1, 0, 0, 0]), sample([0, 1, 0, 0], [3])]
    loss = head._get_loss(logits, samples)['loss']
    loss.backward()
    total = 0.0
    for i, s in enumerate(samples):
        for k in range(4):
            value, slope = naive_asymmetric(rows[i][k], bool(s.gt_score[k]))
            if (i, k) == (1, 3):
                value = slope = 0.0
            total += value / 2
            assert logits.grad[i, k].item() == pytest.approx(slope / 2), k
    assert loss.item() == pytest.approx(total)
