# HCCL with a ResNet-18 of half the width.
_base_ = ['../_base_/fashion_mnist.py', '../_base_/models/hccl_resnet18.py']

optim_wrapper = dict(
    constructor='hirl_mm.PredictorRatesOptimWrapperConstructor',
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        predictor_rates=['constant', 10.0],
    ),
)
