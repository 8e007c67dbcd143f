# Fine-tuning with the asymmetric loss (2009.14119), the transfer of SS-PRL's
# Table S-B. The supplement has 40 epochs, Adam, one cycle up to 2e-4 and a
# ResNet-50, "following the settings" of the loss's paper; exponents, decay,
# images of 448 pixels, augmentations and the moving average are those of the
# loss's released code.
_base_ = 'multilabel.py'

model = dict(
    backbone=dict(norm_cfg=dict(type='SyncBN')),
    head=dict(
        loss=dict(
            type='AsymmetricLoss', gamma_pos=0.0, gamma_neg=4.0, clip=0.05
        )
    ),
)
size = 448
resize = dict(type='mmpretrain.Resize', scale=(size, size), backend='pillow')
load, pack = _base_.pipeline[0], _base_.several_labels
pipeline = [load, resize, pack]
train_pipeline = [
    load,
    resize,
    dict(type='mmpretrain.Cutout', shape=size // 2, prob=1.0),
    dict(
        type='mmpretrain.RandAugment',
        _scope_='mmpretrain',
        policies='timm_increasing',
        num_policies=2,
        magnitude_level=9,
        hparams=dict(pad_val=[104, 116, 124]),
    ),
    pack,
]
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    # The rate begins at a 25th of its peak, the momentum (beta1) at 0.95.
    optimizer=dict(
        type='Adam', lr=2e-4 / 25, betas=(0.95, 0.999), weight_decay=1e-4
    ),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
# PyTorch's OneCycleLR: 8 epochs up and 32 down, the momentum against it.
# MMEngine's OneCycleLR has no momentum, and stores a function in checkpoints.
rise = dict(T_max=8, end=8, by_epoch=True, convert_to_iter_based=True)
fall = dict(
    T_max=32, begin=8, end=40, by_epoch=True, convert_to_iter_based=True
)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min_ratio=25.0, **rise),
    dict(type='CosineAnnealingLR', eta_min_ratio=1e-4, **fall),
    dict(type='CosineAnnealingMomentum', eta_min=0.85, **rise),
    dict(type='CosineAnnealingMomentum', eta_min=0.95, **fall),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40, val_interval=5)
custom_hooks = [
    dict(type='mmengine.EMAHook', momentum=3e-4, update_buffers=True)
]
