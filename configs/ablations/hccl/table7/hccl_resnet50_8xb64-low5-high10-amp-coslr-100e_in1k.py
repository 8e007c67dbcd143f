# Rate of the low predictor 5 times, of the high one 10 times.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=[5.0, 10.0]))
