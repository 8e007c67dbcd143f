# A run of seconds through both stages of HIRL.
_base_ = '../demo/hirl-mocov2_resnet18_1xb64-20e_digits.py'

custom_hooks = [
    dict(_base_.custom_hooks[0], start_epoch=2),
    _base_.knn_probe,
]
param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)
