# As in ImageNet's linear protocols, in evaluation mode.
_base_ = 'resnet18_demo.py'

model = dict(backbone=dict(frozen_stages=4))
