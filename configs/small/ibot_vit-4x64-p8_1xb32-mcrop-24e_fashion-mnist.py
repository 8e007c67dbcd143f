# iBOT with a small ViT.
_base_ = 'dino_vit-4x64-p8_1xb32-mcrop-24e_fashion-mnist.py'

model = dict(
    type='hirl_mm.iBOTAlgorithm',
    backbone=dict(type='hirl_mm.MaskedViT'),
    head=dict(type='hirl_mm.iBOTDistillHead'),
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            _base_.multi_crop,
            dict(type='hirl_mm.BlockMask', grid_size=4),
            dict(
                type='mmpretrain.PackInputs',
                meta_keys=['sample_idx', 'img_path', 'masked_patches'],
            ),
        ]
    )
)
