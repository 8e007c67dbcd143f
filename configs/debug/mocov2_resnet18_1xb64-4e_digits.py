# A run of seconds through MoCo v2.
_base_ = '../demo/mocov2_resnet18_1xb64-20e_digits.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)
