# Multi-label linear classifier on COCO: train2014 against val2014, mAP.
_base_ = ['../_base_/multilabel_50e.py', '../_base_/coco14.py']

data_preprocessor = dict(num_classes=_base_.num_classes, to_onehot=True)
model = dict(head=dict(num_classes=_base_.num_classes))
kind = 'mmpretrain.MultiLabelDataset'
train_dataloader = dict(
    dataset=dict(_base_.coco14_train, type=kind, pipeline=_base_.pipeline)
)
val_dataloader = dict(
    dataset=dict(_base_.coco14_val, type=kind, pipeline=_base_.pipeline)
)
# The rate of SS-PRL's released code for COCO.
optim_wrapper = dict(optimizer=dict(lr=0.1))
auto_scale_lr = dict(base_batch_size=128)
val_evaluator = dict(type='mmpretrain.AveragePrecision')
protocol = dict(name='coco14-linear', metric='multi-label/mAP')
