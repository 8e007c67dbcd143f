# Multi-label linear classifier on COCO: train2014 against val2014, mAP. The
# annotations are written by tools/dataset_converters/coco_multilabel.py.
_base_ = '../_base_/multilabel_50e.py'

num_classes = 80
data_preprocessor = dict(num_classes=num_classes, to_onehot=True)
model = dict(head=dict(num_classes=num_classes))
train_data = dict(
    _delete_=True,
    type='mmpretrain.MultiLabelDataset',
    data_root='data/coco/',
    data_prefix='train2014',
    ann_file='annotations/multilabel_train2014.json',
    pipeline=_base_.pipeline,
)
train_dataloader = dict(dataset=train_data)
val_dataloader = dict(
    dataset=dict(
        train_data,
        data_prefix='val2014',
        ann_file='annotations/multilabel_val2014.json',
    )
)
# The rate of SS-PRL's released code for COCO.
optim_wrapper = dict(optimizer=dict(lr=0.1))
auto_scale_lr = dict(base_batch_size=128)
val_evaluator = dict(type='mmpretrain.AveragePrecision')
protocol = dict(name='coco14-linear', metric='multi-label/mAP')
