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
    # The cycle begins and ends with a momentum (beta1) of 0.95.
    optimizer=dict(
        type='Adam', lr=2e-4, betas=(0.95, 0.999), weight_decay=1e-4
    ),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
# PyTorch's OneCycleLR: 8 epochs up, 32 down, the momentum against it.
by_iteration = dict(by_epoch=True, convert_to_iter_based=True)
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max=2e-4,
        total_steps=40,
        pct_start=0.2,
        **by_iteration,
    ),
    dict(
        type='CosineAnnealingMomentum',
        T_max=8,
        end=8,
        eta_min=0.85,
        **by_iteration,
    ),
    dict(
        type='CosineAnnealingMomentum',
        T_max=32,
        begin=8,
        end=40,
        eta_min=0.95,
        **by_iteration,
    ),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40, val_interval=5)
custom_hooks = [
    dict(type='mmengine.EMAHook', momentum=3e-4, update_buffers=True)
]
