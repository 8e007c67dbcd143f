# SimSiam with a ResNet-18 whose first layer keeps the 32 pixels.
_base_ = [
    '../_base_/cifar100.py',
    '../_base_/sgd_200e.py',
    '../_base_/models/simsiam_resnet18-w64.py',
]

model = dict(backbone=dict(type='ResNet_CIFAR'))
# The predictor's learning rate stays.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True)))
)
custom_hooks = [
    dict(
        type='mmpretrain.SimSiamHook',
        priority='HIGH',
        fix_pred_lr=True,
        lr=_base_.lr,
    )
]
