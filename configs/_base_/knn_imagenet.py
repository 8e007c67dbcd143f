# What kNN compares on ImageNet: the probe during training with a subset,
# tools/evaluate.py with all images.
_base_ = 'centre_crop.py'

knn_gallery = dict(
    type='hirl_mm.ImageNetImages',
    data_root='data/imagenet/',
    split='train',
    pipeline=_base_.centre_crop,
)
knn_queries = dict(
    type='hirl_mm.ImageNetImages',
    data_root='data/imagenet/',
    split='val',
    pipeline=_base_.centre_crop,
)
knn_probe = dict(
    type='hirl_mm.KNNProbeHook',
    gallery=knn_gallery,
    queries=knn_queries,
    num_gallery=100_000,
    num_queries=10_000,
    interval=10,
)
