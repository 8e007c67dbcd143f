"""A recipe of a CNN: HIRL-MoCo v2."""

from mmengine.config import read_base
from mmpretrain.models import (
    ContrastiveHead,
    CrossEntropyLoss,
    MoCoV2Neck,
    ResNet,
)

from hirl_mm.models import HIRLMoCo, SPDHead

with read_base():
    from .digits import *  # noqa: F403

model = dict(
    type=HIRLMoCo,
    queue_len=128,
    feat_dim=16,
    momentum=0.01,
    backbone=dict(
        type=ResNet,
        depth=18,
        base_channels=8,
        stem_channels=8,
        zero_init_residual=False,
    ),
    neck=dict(
        type=MoCoV2Neck, in_channels=64, hid_channels=32, out_channels=16
    ),
    head=dict(
        type=ContrastiveHead,
        loss=dict(type=CrossEntropyLoss),
        temperature=0.1,
    ),
    spd_head=dict(type=SPDHead, num_negatives=5),
)
