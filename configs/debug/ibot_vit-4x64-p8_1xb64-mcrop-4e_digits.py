# A run of seconds through iBOT.
_base_ = 'dino_vit-4x64-p8_1xb64-mcrop-4e_digits.py'

model = dict(
    type='hirl_mm.iBOTAlgorithm',
    backbone=dict(type='hirl_mm.MaskedViT'),
    head=dict(type='hirl_mm.iBOTDistillHead'),
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            *_base_.train_dataloader.dataset.pipeline[:-1],
            dict(type='hirl_mm.BlockMask', grid_size=4),
            dict(
                type='mmpretrain.PackInputs',
                meta_keys=['sample_idx', 'img_path', 'masked_patches'],
            ),
        ]
    )
)
