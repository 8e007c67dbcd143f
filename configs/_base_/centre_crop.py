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
# Images whose features the released codes of HIRL and CsMl cluster or compare:
# bilinear, as torchvision resizes by default. kmeans_hook.py says the same,
# since MMEngine forbids a name in two bases.
feature_crop = [
    centre_crop[0],
    dict(
        type='mmpretrain.ResizeEdge',
        scale=256,
        edge='short',
        backend='pillow',
    ),
    *centre_crop[2:],
]
