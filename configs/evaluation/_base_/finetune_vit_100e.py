# Fine-tuning a ViT: section 5.2 of the HIRL paper; what it leaves open
# (regularisation, warm-up) as in the released code. The rate is the paper's
# at 1024 images; the released code multiplies it by 4 there.
_base_ = ['imagenet.py', 'vit-base-p16.py']

train_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=224,
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.RandomFlip', prob=0.5),
    dict(
        type='mmpretrain.RandAugment',
        _scope_='mmpretrain',
        policies='timm_increasing',
        num_policies=2,
        total_level=10,
        magnitude_level=9,
        magnitude_std=0.5,
        hparams=dict(pad_val=[104, 116, 124], interpolation='bicubic'),
    ),
    # Colours in the order of OpenCV.
    dict(
        type='mmpretrain.RandomErasing',
        erase_prob=0.25,
        mode='rand',
        min_area_ratio=0.02,
        max_area_ratio=1 / 3,
        fill_color=[103.53, 116.28, 123.675],
        fill_std=[57.375, 57.12, 58.395],
    ),
    dict(type='mmpretrain.PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline), drop_last=True)

optim_wrapper = dict(
    type='AmpOptimWrapper',
    loss_scale='dynamic',
    optimizer=dict(
        type='AdamW', lr=4e-3, betas=(0.9, 0.999), weight_decay=0.05
    ),
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
# From 1e-6 and to 1e-6, as shares of the rate, since every layer has its own:
# at an absolute 1e-6 the lowest layer would end above where it began.
warmup = dict(
    type='LinearLR',
    start_factor=2.5e-4,
    by_epoch=True,
    end=20,
    convert_to_iter_based=True,
)
cosine = dict(
    type='CosineAnnealingLR',
    eta_min_ratio=2.5e-4,
    by_epoch=True,
    begin=20,
    end=100,
    convert_to_iter_based=True,
)
param_scheduler = [warmup, cosine]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100, val_interval=10)
auto_scale_lr = dict(base_batch_size=1024)

model = dict(
    backbone=dict(drop_path_rate=0.2),
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

protocol = dict(name='finetune', metric='accuracy/top1')
