# Multi-label linear classifier on VOC07: trainval against test, mAP.
_base_ = '../_base_/multilabel_50e.py'

num_classes = 20
data_preprocessor = dict(num_classes=num_classes, to_onehot=True)
model = dict(head=dict(num_classes=num_classes))
train_data = dict(
    _delete_=True,
    type='mmpretrain.VOC',
    data_root='data/VOCdevkit/VOC2007',
    split='trainval',
    pipeline=_base_.pipeline,
)
train_dataloader = dict(batch_size=32, dataset=train_data)
val_dataloader = dict(dataset=dict(train_data, split='test'))
auto_scale_lr = dict(base_batch_size=32)
protocol = dict(name='voc07-linear', metric='multi-label/mAP')
