# 4 levels of 3 layers each.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(neck=dict(num_levels=4, num_layers=3), head=dict(num_levels=4))
optim_wrapper = dict(
    paramwise_cfg=dict(predictor_rates=['constant', 10.0, 10.0, 10.0])
)
