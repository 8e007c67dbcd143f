"""Narrow models of every method, plain and under HIRL."""

import copy

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmpretrain.models.selfsup import BYOL

from hirl_mm.models import HIRLAlgorithm
from hirl_mm.registry import MODELS
from tests.samples import samples

DIM = 16
MAX_ITERS = 10

RESNET = dict(
    type='ResNet',
    depth=18,
    base_channels=8,
    stem_channels=8,
    zero_init_residual=False,
)

VIT = dict(
    arch=dict(
        embed_dims=24,
        num_layers=2,
        num_heads=2,
        feedforward_channels=48,
    ),
    img_size=32,
    patch_size=8,
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


MOCO_NECK = dict(
    type='MoCoV2Neck', in_channels=64, hid_channels=32, out_channels=DIM
)
DINO = dict(
    type='hirl_mm.DINOAlgorithm',
    num_crops=(2, 0),
    base_momentum=0.5,
    backbone=dict(
        type='hirl_mm.DINOViT',
        **VIT,
    ),
    neck=dict(
        type='hirl_mm.DINONeck',
        in_channels=24,
        hid_channels=32,
        out_channels=DIM,
    ),
    head=dict(
        type='hirl_mm.DINODistillHead', in_channels=DIM, out_channels=12
    ),
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
    'HCCL': dict(
        type='hirl_mm.HCCL',
        backbone=RESNET,
        neck=dict(
            type='hirl_mm.HierarchicalProjectionNeck',
            in_channels=64,
            hid_channels=32,
            out_channels=DIM,
            norm_cfg=dict(type='BN1d'),
        ),
        head=dict(
            type='hirl_mm.CrossLevelHead',
            in_channels=DIM,
            hid_channels=8,
            norm_cfg=dict(type='BN1d'),
        ),
    ),
    'MoCo': dict(
        queue_len=24,
        feat_dim=DIM,
        momentum=0.5,
        backbone=RESNET,
        neck=MOCO_NECK,
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
            **VIT,
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
    'DINO': DINO,
    'iBOT': dict(
        DINO,
        type='hirl_mm.iBOTAlgorithm',
        backbone=dict(DINO['backbone'], type='hirl_mm.MaskedViT'),
        head=dict(DINO['head'], type='hirl_mm.iBOTDistillHead'),
    ),
    'BEiT': dict(
        backbone=dict(
            type='BEiTPretrainViT',
            arch=dict(
                embed_dims=DIM,
                num_layers=2,
                num_heads=2,
                feedforward_channels=32,
            ),
            img_size=32,
            patch_size=8,
            # Makes the class tokens of two images differ at the start.
            layer_scale_init_value=1.0,
        ),
        head=dict(
            type='BEiTV1Head',
            embed_dims=DIM,
            num_embed=12,
            loss=dict(type='CrossEntropyLoss'),
        ),
        target_generator=dict(type='DALL-E', n_hid=8, vocab_size=12),
    ),
}
# Batches of these have the positives of an image behind it.
GROUPED = {
    'CsMl': dict(
        type='hirl_mm.CsMl',
        queue_len=24,
        feat_dim=DIM,
        momentum=0.5,
        backbone=RESNET,
        neck=MOCO_NECK,
        head=dict(type='hirl_mm.CrossSampleHead'),
        mix=dict(type='hirl_mm.PairCutMix'),
        branches=dict(type='hirl_mm.StageBranches', out_channels=8),
    ),
    'CsMlBYOL': dict(
        type='hirl_mm.CsMlBYOL',
        base_momentum=0.5,
        mix=dict(type='hirl_mm.PairCutMix'),
        **SIAMESE,
    ),
}

# The views are whole ones and patches, in several sizes.
PYRAMIDS = {
    'SSPRL': dict(
        type='hirl_mm.SSPRL',
        backbone=RESNET,
        neck=dict(
            type='hirl_mm.PyramidNeck',
            projection=PLAIN['SwAV']['neck'] | dict(type='SwAVNeck'),
            num_scales=3,
        ),
        head=dict(
            type='hirl_mm.PyramidHead',
            feat_dim=DIM,
            num_prototypes=(12, 8, 6),
            num_patches=(4, 9),
            num_crops=(2, 1),
            epsilon=0.1,
        ),
    ),
}


@MODELS.register_module(force=True)
class HIRLBYOL(HIRLAlgorithm, BYOL):
    """A method that hirl_mm does not ship, in the lines it takes."""

    momentum_module = 'target_net'


def plain_config(name):
    return dict(type=name) | (PLAIN | GROUPED | PYRAMIDS)[name]


def build(name, hirl=False, **options):
    """The plain method, or its HIRL variant without sampled negatives."""
    init_default_scope('mmpretrain')
    # Where cosine schedules look: of a Runner of an earlier test, if any.
    MessageHub.get_current_instance().update_info('max_iters', MAX_ITERS)
    cfg = plain_config(name)
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


def step_samples(name, sample_idx):
    """The samples of a training step, with what the method needs of them."""
    return _SAMPLES.get(name, samples)(sample_idx)


def z0_of(name, model, views, data_samples):
    """The embedding (B, DIM) of view 0 in a training step."""
    if name in _Z0:
        return _Z0[name](model, views, data_samples)
    return features_of(name, model, views[0])


def features_of(name, model, images):
    """What the trained network, not its average, would give to cluster."""
    return _FEATURES.get(name, _projection)(model, images)


def last_trained(name, model):
    """The module whose output is the embedding."""
    return model.backbone if name in _NO_NECK else model.neck


def _projection(model, images):
    return model.neck(model.backbone(images))[0]


def _masked_samples(sample_idx):
    """Five of 4 x 4 patches are masked, others for every place in the batch.

    With one seed, so that it is the place and not the index that counts.
    """
    generator = torch.Generator().manual_seed(0)
    packed = samples(sample_idx)
    for sample in packed:
        places = torch.randperm(16, generator=generator)
        sample.set_mask((places < 5).long().reshape(4, 4))
    return packed


def _masked_views(sample_idx):
    """Two masks, for as many views; of some samples nothing is masked."""
    generator = np.random.default_rng(0)
    packed = samples(sample_idx)
    for sample in packed:
        masks = generator.random((2, 4, 4)) < generator.choice([0, 0.4])
        sample.set_field(masks, 'masked_patches', field_type='metainfo')
    return packed


def _masked_class_token(model, views, data_samples):
    mask = torch.stack([sample.mask for sample in data_samples])
    # A forward with a mask leaves a tensor of its graph in the module, which
    # could not be copied any more.
    backbone = copy.deepcopy(model.backbone)
    return backbone(views[0], mask)[0][:, 0]


def _class_token(model, images):
    return model.backbone(images, mask=None)[0][:, 0]


def _bottleneck(model, images):
    return model.neck(model.backbone(images)[0][:, 0])


def _masked_bottleneck(model, views, data_samples):
    masks = [sample.masked_patches[0].ravel() for sample in data_samples]
    mask = torch.from_numpy(np.stack(masks))
    return model.neck(model.backbone(views[0], mask)[0][:, 0])


def _highest_level(model, images):
    return model.neck(model.backbone(images))[-1]


def _projection_before_norm(model, images):
    pooled = model.backbone(images)[0].mean(dim=(2, 3))
    return model.neck.projection_neck(pooled)


# Where a method is not one of two views through a backbone and a neck.
_NO_NECK = ('BEiT',)
_SAMPLES = {'BEiT': _masked_samples, 'iBOT': _masked_views}
_Z0 = {'BEiT': _masked_class_token, 'iBOT': _masked_bottleneck}
_FEATURES = {
    'BEiT': _class_token,
    'DINO': _bottleneck,
    'HCCL': _highest_level,
    'SwAV': _projection_before_norm,
    'iBOT': _bottleneck,
}
