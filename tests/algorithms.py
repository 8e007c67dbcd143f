"""Narrow models of every method, plain and under HIRL."""

from mmengine.config import ConfigDict
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmpretrain.models.necks import SwAVNeck
from mmpretrain.models.selfsup import BYOL

from hirl_mm.models import HIRLAlgorithm
from hirl_mm.registry import MODELS

DIM = 16

RESNET = dict(
    type='ResNet',
    depth=18,
    base_channels=8,
    stem_channels=8,
    zero_init_residual=False,
)


def mlp(in_channels, hid_channels, **options):
    return dict(
        type='NonLinearNeck',
        in_channels=in_channels,
        hid_channels=hid_channels,
        out_channels=DIM,
        norm_cfg=dict(type='BN1d'),
        **options,
    )


SIAMESE = dict(
    backbone=RESNET,
    neck=mlp(64, 32, with_last_bn_affine=False),
    head=dict(
        type='LatentPredictHead',
        loss=dict(type='CosineSimilarityLoss'),
        predictor=mlp(DIM, 8, with_avg_pool=False, with_last_bn=False),
    ),
)
PLAIN = {
    'MoCo': dict(
        queue_len=24,
        feat_dim=DIM,
        momentum=0.5,
        backbone=RESNET,
        neck=dict(
            type='MoCoV2Neck',
            in_channels=64,
            hid_channels=32,
            out_channels=DIM,
        ),
        head=dict(
            type='ContrastiveHead',
            loss=dict(type='CrossEntropyLoss'),
            temperature=0.2,
        ),
    ),
    'SimSiam': SIAMESE,
    'BYOL': dict(base_momentum=0.5, **SIAMESE),
    'SwAV': dict(
        backbone=RESNET,
        neck=dict(
            type='SwAVNeck',
            in_channels=64,
            hid_channels=32,
            out_channels=DIM,
            norm_cfg=dict(type='BN1d'),
        ),
        head=dict(
            type='SwAVHead',
            loss=dict(
                type='hirl_mm.SwAVLoss',
                feat_dim=DIM,
                num_prototypes=12,
                num_crops=[2],
            ),
        ),
    ),
    'MoCoV3': dict(
        base_momentum=0.5,
        backbone=dict(
            type='MoCoV3ViT',
            arch=dict(
                embed_dims=24,
                num_layers=2,
                num_heads=2,
                feedforward_channels=48,
            ),
            img_size=32,
            patch_size=8,
            stop_grad_conv1=True,
        ),
        neck=mlp(
            24,
            32,
            num_layers=3,
            with_last_bn_affine=False,
            with_avg_pool=False,
        ),
        head=dict(
            type='MoCoV3Head',
            predictor=mlp(
                DIM, 32, with_last_bn_affine=False, with_avg_pool=False
            ),
            loss=dict(type='CrossEntropyLoss', loss_weight=0.4),
            temperature=0.2,
        ),
    ),
}


@MODELS.register_module(force=True)
class HIRLBYOL(HIRLAlgorithm, BYOL):
    """A method that hirl_mm does not ship, in the lines it takes."""

    momentum_module = 'target_net'


def build(name, hirl=False, **options):
    """The plain method, or its HIRL variant without sampled negatives."""
    init_default_scope('mmpretrain')
    MessageHub.get_instance('test').update_info('max_iters', 10)
    cfg = dict(type=name, **PLAIN[name])
    if hirl:
        cfg['type'] = f'hirl_mm.HIRL{name}'
        cfg['spd_head'] = dict(
            type='hirl_mm.SPDHead',
            in_channels=DIM,
            num_levels=3,
            num_negatives=None,
        )
    model = MODELS.build(ConfigDict(cfg | options))
    model.init_weights()
    return model.train()


def online_z0(model, images):
    """z0 of images in the trained network, in one batch."""
    features = model.backbone(images)
    if isinstance(model.neck, SwAVNeck):
        pooled = features[0].mean(dim=(2, 3))
        return model.neck.projection_neck(pooled)
    return model.neck(features)[0]
