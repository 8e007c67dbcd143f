# How images are evaluated on ImageNet: the short side to 256, bicubic, and
# the 224 x 224 pixels of the middle.
centre_crop = [
    dict(type='hirl_mm.LoadImage'),
    dict(
        type='mmpretrain.ResizeEdge',
        scale=256,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.CenterCrop', crop_size=224),
    dict(type='mmpretrain.PackInputs'),
]
