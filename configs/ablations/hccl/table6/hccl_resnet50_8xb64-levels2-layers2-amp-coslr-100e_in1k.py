# 2 levels of 2 layers each.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(neck=dict(num_layers=2))
