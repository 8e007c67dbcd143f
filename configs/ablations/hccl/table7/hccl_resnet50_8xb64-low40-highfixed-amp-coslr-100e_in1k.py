# Rate of the low predictor 40 times, of the high one constant.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

optim_wrapper = dict(paramwise_cfg=dict(predictor_rates=[40.0, 'constant']))
