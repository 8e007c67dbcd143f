# The backbone stays as it is, batch statistics included: evaluation mode. The
# released code trains classifiers on statistics of the batch.
_base_ = 'resnet50.py'

model = dict(backbone=dict(frozen_stages=4))
