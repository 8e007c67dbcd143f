_base_ = 'swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py'

param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], T_max=790, end=800),
]
train_cfg = dict(max_epochs=800)
