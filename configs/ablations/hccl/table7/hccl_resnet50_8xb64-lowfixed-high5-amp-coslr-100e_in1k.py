# Rate of the low predictor constant, of the high one 5 times.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=['constant', 5.0]))
