# The fine-tuning of Places205 in seconds.
_base_ = [
    '../_base_/shapes.py',
    '../_base_/resnet18_demo.py',
    '../_base_/demo_finetune_10e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes))
param_scheduler = [dict(_base_.param_scheduler[0], milestones=[3, 4])]
train_cfg = dict(max_epochs=5)
protocol = dict(name='transfer-finetune')
