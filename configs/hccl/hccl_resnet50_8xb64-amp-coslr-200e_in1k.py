# HCCL for 200 epochs (section 3.3 of the paper).
_base_ = 'hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=200, end=200)]
train_cfg = dict(max_epochs=200)
