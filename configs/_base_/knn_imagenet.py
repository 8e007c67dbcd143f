# What kNN compares on ImageNet: the probe during training with a subset,
# tools/evaluate.py with all images.
knn_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(
        type='ResizeEdge',
        scale=256,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
knn_bank = dict(
    type='mmpretrain.ImageNet',
    data_root='data/imagenet/',
    split='train',
    pipeline=knn_pipeline,
)
knn_queries = dict(
    type='mmpretrain.ImageNet',
    data_root='data/imagenet/',
    split='val',
    pipeline=knn_pipeline,
)
knn_probe = dict(
    type='hirl_mm.KNNProbeHook',
    bank=knn_bank,
    queries=knn_queries,
    num_bank=100_000,
    num_queries=10_000,
    interval=10,
)
