# Linear classifier on frozen features of a ResNet-50.
_base_ = [
    '../_base_/imagenet.py',
    '../_base_/resnet50_frozen.py',
    '../_base_/linear_100e.py',
]
