# A run of seconds through CsMl, with two searches for neighbours.
_base_ = '../demo/csml_resnet18_1xb128-20e_digits.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)
default_hooks = dict(neighbors=dict(interval=2))
