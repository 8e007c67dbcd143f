# The linear protocol of Places205 and iNaturalist 2018 in seconds.
_base_ = [
    '../_base_/shapes.py',
    '../_base_/resnet18_demo_frozen.py',
    '../_base_/steps_linear.py',
]

model = dict(head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(_base_.param_scheduler[0], milestones=[2, 4])]
train_cfg = dict(max_epochs=5, val_interval=1)
auto_scale_lr = dict(base_batch_size=64)
protocol = dict(name='transfer-linear', metric='accuracy/top1')
