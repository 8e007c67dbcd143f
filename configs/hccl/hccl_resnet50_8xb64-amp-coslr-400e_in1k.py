# HCCL for 400 epochs (section 3.3 of the paper).
_base_ = 'hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=400, end=400)]
train_cfg = dict(max_epochs=400)
