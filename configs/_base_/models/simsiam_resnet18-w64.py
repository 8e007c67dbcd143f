# SimSiam with a ResNet-18 of full width and, as on CIFAR in its paper, a
# projection of two layers.
_base_ = 'simsiam_resnet18.py'

model = dict(
    backbone=dict(base_channels=64, stem_channels=64),
    neck=dict(
        in_channels=512, hid_channels=2048, out_channels=2048, num_layers=2
    ),
    head=dict(
        predictor=dict(in_channels=2048, hid_channels=512, out_channels=2048)
    ),
)
