# CsMl with multi-crop for 800 epochs, the paper's best network.
_base_ = 'csml_resnet50_32xb64-mcrop-coslr-200e_in1k.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=800, end=800)]
train_cfg = dict(max_epochs=800)
