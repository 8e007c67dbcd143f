# CIFAR-100, 100 classes in 20 superclasses, or CIFAR-10, as
# tools/dataset_converters/cifar.py writes them.
_base_ = 'colour_images.py'

data_root = 'data/cifar-100/'
# As in MMPreTrain's configs of CIFAR-100.
data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[129.304, 124.070, 112.434],
    std=[68.170, 65.392, 70.418],
    to_rgb=True,
)
train_dataloader = dict(dataset=dict(data_root=data_root))
knn_gallery = dict(data_root=data_root)
knn_queries = dict(data_root=data_root)
