# SimSiam with a ResNet-18 of half the width.
_base_ = ['../_base_/fashion_mnist.py', '../_base_/models/simsiam_resnet18.py']

# The predictor's learning rate stays.
lr = 1e-3
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True)))
)
custom_hooks = [
    dict(
        type='mmpretrain.SimSiamHook', priority='HIGH', fix_pred_lr=True, lr=lr
    )
]
