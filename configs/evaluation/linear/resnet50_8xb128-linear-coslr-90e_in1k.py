# The linear classifier of HCCL's paper (section 4.1): 90 epochs.
_base_ = './resnet50_8xb128-linear-coslr-100e_in1k.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=90, end=90)]
train_cfg = dict(max_epochs=90)
protocol = dict(name='linear-90e')
