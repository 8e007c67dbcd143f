# A run of seconds through BEiT. The tokenizer is narrow and random: its 4 x 4
# tokens of 32 px follow the image, but mean nothing.
_base_ = '../_base_/digits_4e.py'

data_preprocessor = dict(
    type='mmpretrain.TwoNormDataPreprocessor',
    second_mean=[-31.875, -31.875, -31.875],
    second_std=[318.75, 318.75, 318.75],
)
train_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(
        type='hirl_mm.TwoSizeCrop',
        size=32,
        second_size=32,
        crop_ratio_range=(0.5, 1.0),
    ),
    dict(
        type='hirl_mm.BEiTBlockMask',
        grid_size=4,
        num_patches=6,
        min_block=2,
    ),
    dict(type='mmpretrain.PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

model = dict(
    type='BEiT',
    _scope_='mmpretrain',
    backbone=dict(
        type='BEiTPretrainViT',
        arch=dict(
            embed_dims=64,
            num_layers=4,
            num_heads=4,
            feedforward_channels=256,
        ),
        img_size=32,
        patch_size=8,
        layer_scale_init_value=0.1,
        init_cfg=[
            dict(type='TruncNormal', std=0.02, layer='Linear'),
            dict(type='TruncNormal', std=0.02, layer='Conv2d'),
            dict(type='Constant', layer='LayerNorm', val=1.0, bias=0.0),
        ],
    ),
    head=dict(
        type='BEiTV1Head',
        embed_dims=64,
        num_embed=32,
        loss=dict(type='CrossEntropyLoss'),
    ),
    target_generator=dict(type='DALL-E', n_hid=8, vocab_size=32),
)
# The tokenizer has parameters and never a gradient.
find_unused_parameters = True
