# ImageNet's linear protocol in seconds; LARS takes more steps than there are.
_base_ = 'linear_100e.py'

optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
param_scheduler = [dict(_base_.param_scheduler[0], T_max=10, end=10)]
train_cfg = dict(max_epochs=10, val_interval=1)
auto_scale_lr = dict(base_batch_size=64)
