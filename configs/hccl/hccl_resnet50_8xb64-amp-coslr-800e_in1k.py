# HCCL for 800 epochs: half the learning rate, more weight decay (section 3.3).
_base_ = 'hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

optim_wrapper = dict(optimizer=dict(lr=0.05, weight_decay=1.5e-4))
param_scheduler = [dict(_base_.param_scheduler[0], T_max=800, end=800)]
train_cfg = dict(max_epochs=800)
