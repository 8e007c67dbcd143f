# MoCo v2 with a ResNet-18 whose first layer keeps the 32 pixels.
_base_ = [
    '../_base_/cifar100.py',
    '../_base_/sgd_200e.py',
    '../_base_/models/mocov2_resnet18-w64.py',
]

model = dict(backbone=dict(type='ResNet_CIFAR'))
