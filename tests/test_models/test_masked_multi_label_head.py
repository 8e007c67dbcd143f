import math

import pytest
import torch
from mmpretrain.structures import DataSample

from hirl_mm.models import MaskedMultiLabelHead


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
