# Linear classifier for iNaturalist 2018 on frozen features of a ResNet-50;
# the lists are written by tools/dataset_converters/inat2018.py.
_base_ = [
    '../_base_/imagenet.py',
    '../_base_/resnet50_frozen.py',
    '../_base_/steps_linear.py',
]

num_classes = 8142
data_preprocessor = dict(num_classes=num_classes)
model = dict(head=dict(num_classes=num_classes))
inat2018 = dict(
    _delete_=True,
    type='hirl_mm.LabelledImages',
    data_root='data/inat2018/',
    num_classes=num_classes,
)
train_data = dict(
    inat2018, ann_file='meta/train.txt', pipeline=_base_.train_pipeline
)
val_data = dict(inat2018, ann_file='meta/val.txt', pipeline=_base_.centre_crop)
train_dataloader = dict(batch_size=32, dataset=train_data)
val_dataloader = dict(dataset=val_data)
param_scheduler = [dict(_base_.param_scheduler[0], milestones=[28, 56])]
train_cfg = dict(max_epochs=84)
protocol = dict(name='inat2018-linear', metric='accuracy/top1')
