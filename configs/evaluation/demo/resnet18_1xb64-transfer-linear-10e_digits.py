# The linear protocol of Places205 and iNaturalist 2018 in seconds, on the
# digits.
_base_ = [
    '../_base_/digits.py',
    '../_base_/resnet18_demo_frozen.py',
    '../_base_/steps_linear.py',
]

param_scheduler = [dict(_base_.param_scheduler[0], milestones=[4, 7])]
train_cfg = dict(max_epochs=10, val_interval=1)
auto_scale_lr = dict(base_batch_size=64)
protocol = dict(name='transfer-linear', metric='accuracy/top1')
