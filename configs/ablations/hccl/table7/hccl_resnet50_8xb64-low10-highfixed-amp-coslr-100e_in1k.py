# Rate of the low predictor 10 times, of the high one constant.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=[10.0, 'constant']))
