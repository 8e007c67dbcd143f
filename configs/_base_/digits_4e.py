# A run of seconds on the digits.
_base_ = 'digits.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)
