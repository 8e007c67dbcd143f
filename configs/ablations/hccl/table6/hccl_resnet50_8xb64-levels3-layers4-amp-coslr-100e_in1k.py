# 3 levels of 4 layers each.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(neck=dict(num_levels=3, num_layers=4), head=dict(num_levels=3))
optim_wrapper = dict(
    paramwise_cfg=dict(predictor_rates=['constant', 10.0, 10.0])
)
