# Figure 2 (a): one level of six layers, with the scale of SimSiam's loss.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(
    neck=dict(num_levels=1, num_layers=6),
    head=dict(num_levels=1, weighting='mean'),
)
optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=['constant']))
