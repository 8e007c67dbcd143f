# Linear classifier for Places205 on frozen features of a ResNet-50.
_base_ = [
    '../_base_/imagenet.py',
    '../_base_/places205.py',
    '../_base_/resnet50_frozen.py',
    '../_base_/steps_linear.py',
]

num_classes = _base_.places205.num_classes
data_preprocessor = dict(num_classes=num_classes)
model = dict(head=dict(num_classes=num_classes))
train_data = dict(
    _base_.places205,
    ann_file='meta/train.txt',
    pipeline=_base_.train_pipeline,
)
val_data = dict(
    _base_.places205, ann_file='meta/val.txt', pipeline=_base_.centre_crop
)
train_dataloader = dict(batch_size=32, dataset=train_data)
val_dataloader = dict(dataset=val_data)
param_scheduler = [dict(_base_.param_scheduler[0], milestones=[10, 20])]
train_cfg = dict(max_epochs=30)
protocol = dict(name='places205-linear', metric='accuracy/top1')
