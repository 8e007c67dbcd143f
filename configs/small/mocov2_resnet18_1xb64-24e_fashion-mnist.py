# MoCo v2 with a ResNet-18 of half the width.
_base_ = ['../_base_/fashion_mnist.py', '../_base_/models/mocov2_resnet18.py']

model = dict(queue_len=2048)
