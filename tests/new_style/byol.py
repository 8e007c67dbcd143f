"""A plain recipe of MMPreTrain, of whose method hirl_mm knows nothing."""

from mmengine.config import read_base
from mmpretrain.models import (
    BYOL,
    CosineSimilarityLoss,
    LatentPredictHead,
    NonLinearNeck,
    ResNet,
)
from torch.nn import BatchNorm1d

with read_base():
    from .digits import *  # noqa: F403

mlp = dict(
    type=NonLinearNeck,
    hid_channels=32,
    out_channels=16,
    norm_cfg=dict(type=BatchNorm1d),
)
model = dict(
    type=BYOL,
    base_momentum=0.01,
    backbone=dict(
        type=ResNet,
        depth=18,
        base_channels=8,
        stem_channels=8,
        zero_init_residual=False,
    ),
    neck=dict(mlp, in_channels=64, with_last_bn=False),
    head=dict(
        type=LatentPredictHead,
        loss=dict(type=CosineSimilarityLoss),
        predictor=dict(mlp, in_channels=16, with_avg_pool=False),
    ),
)
