# The backbone of the ViTs in configs/debug with a linear classifier.
model = dict(
    type='ImageClassifier',
    _scope_='mmpretrain',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(
            embed_dims=64,
            num_layers=4,
            num_heads=4,
            feedforward_channels=256,
        ),
        img_size=32,
        patch_size=8,
        init_cfg=dict(type='Pretrained', _scope_='hirl_mm', checkpoint=''),
    ),
    head=dict(
        type='LinearClsHead',
        num_classes=10,
        in_channels=64,
        loss=dict(type='CrossEntropyLoss'),
    ),
)
