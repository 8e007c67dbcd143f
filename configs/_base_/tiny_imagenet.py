# Tiny ImageNet, 200 classes at 64 pixels, as
# tools/dataset_converters/tiny_imagenet.py writes it.
_base_ = 'colour_images.py'

data_root = 'data/tiny-imagenet/'
# Those of ImageNet.
data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
crop = dict(_base_.crop, scale=64)
two_views = dict(_base_.two_views, transforms=[[crop, *_base_.look]])
train_dataloader = dict(
    dataset=dict(
        data_root=data_root, pipeline=[_base_.load, two_views, _base_.pack]
    )
)
whole_pipeline = [
    _base_.load,
    dict(type='mmpretrain.Resize', scale=(64, 64)),
    _base_.pack,
]
knn_gallery = dict(data_root=data_root, pipeline=whole_pipeline)
knn_queries = dict(data_root=data_root, pipeline=whole_pipeline)
