# Fine-tuning a ResNet-50 on Places205, as on ImageNet (HIRL, section 5.2).
_base_ = ['../_base_/finetune_cnn_20e.py', '../_base_/places205.py']

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
train_dataloader = dict(dataset=train_data)
val_dataloader = dict(dataset=val_data)
protocol = dict(name='places205-finetune')
