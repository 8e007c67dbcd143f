# Linear classifier of CsMl's paper on the pooled output of a ResNet-50.
_base_ = [
    '../_base_/imagenet.py',
    '../_base_/resnet50_frozen.py',
    '../_base_/steps_linear_100e.py',
]

train_dataloader = dict(batch_size=32)
