# Figure 2 (d): one predictor for both levels.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(head=dict(predictions=[(0, 0), (0, 1)]))
optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=['constant']))
