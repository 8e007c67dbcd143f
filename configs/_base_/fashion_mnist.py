# Fashion-MNIST, 10 classes in 5 groups and 3 groups of groups, as
# tools/dataset_converters/fashion_mnist.py writes it.
_base_ = 'small_images.py'

data_root = 'data/fashion-mnist/'
train_dataloader = dict(dataset=dict(data_root=data_root))
knn_gallery = dict(data_root=data_root)
knn_queries = dict(data_root=data_root)
