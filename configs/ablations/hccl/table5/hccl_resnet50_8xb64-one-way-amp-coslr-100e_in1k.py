# Figure 2 (c): the high level predicts the low one, and not the reverse.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(head=dict(predictions=[(0, 1)], wiring=[(0, 0, 0.5)]))
optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=[10.0]))
