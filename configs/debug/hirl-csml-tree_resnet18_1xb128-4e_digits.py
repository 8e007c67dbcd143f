# A run of seconds through HIRL-CsMl with positives from the tree.
_base_ = '../demo/hirl-csml-tree_resnet18_1xb128-20e_digits.py'

param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)
default_hooks = dict(kmeans=dict(start_epoch=2))
