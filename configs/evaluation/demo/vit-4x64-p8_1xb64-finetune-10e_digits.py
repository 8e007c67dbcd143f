# ImageNet's fine-tuning of a ViT in seconds, with a ViT of configs/debug.
_base_ = ['../_base_/digits.py', '../_base_/vit-4x64-p8.py']

model = dict(
    backbone=dict(drop_path_rate=0.1),
    head=dict(
        loss=dict(
            type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'
        ),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=2e-5),
    ),
    train_cfg=dict(
        augments=[
            dict(type='Mixup', alpha=0.8),
            dict(type='CutMix', alpha=1.0),
        ]
    ),
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=4e-3, weight_decay=0.05),
    constructor='mmpretrain.LearningRateDecayOptimWrapperConstructor',
    paramwise_cfg=dict(
        layer_decay_rate=0.65,
        flat_decay_mult=0.0,
        custom_keys={
            '.cls_token': dict(decay_mult=0.0),
            '.pos_embed': dict(decay_mult=0.0),
            '.register_tokens': dict(decay_mult=0.0),
        },
    ),
)
epochs = dict(by_epoch=True, convert_to_iter_based=True)
param_scheduler = [
    dict(epochs, type='LinearLR', start_factor=2.5e-4, end=1),
    dict(
        epochs,
        type='CosineAnnealingLR',
        eta_min_ratio=2.5e-4,
        begin=1,
        end=10,
    ),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10)
auto_scale_lr = dict(base_batch_size=64)
protocol = dict(name='finetune', metric='accuracy/top1')
