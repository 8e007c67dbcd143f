# MoCo v2 with a ResNet-18 of full width, and the queue, momentum and
# temperature of MoCo's example for CIFAR.
_base_ = 'mocov2_resnet18.py'

model = dict(
    queue_len=4096,
    backbone=dict(base_channels=64, stem_channels=64),
    neck=dict(in_channels=512, hid_channels=512),
)
