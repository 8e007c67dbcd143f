# ImageNet-100, as tools/dataset_converters/class_subset.py writes it, with
# the views of MoCo v2 on ImageNet.
_base_ = ['colour_images.py', 'centre_crop.py']

data_root = 'data/imagenet-100/'
data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
crop = dict(_base_.crop, scale=224)
blur = dict(
    type='mmpretrain.GaussianBlur',
    magnitude_range=(0.1, 2.0),
    magnitude_std='inf',
    prob=0.5,
)
two_views = dict(_base_.two_views, transforms=[[crop, *_base_.look, blur]])
train_dataloader = dict(
    batch_size=256,
    dataset=dict(
        data_root=data_root, pipeline=[_base_.load, two_views, _base_.pack]
    ),
)
knn_gallery = dict(data_root=data_root, pipeline=_base_.centre_crop)
knn_queries = dict(data_root=data_root, pipeline=_base_.centre_crop)
