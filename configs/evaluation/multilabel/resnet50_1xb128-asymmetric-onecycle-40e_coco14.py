# Fine-tuning on COCO with the asymmetric loss: train2014 against val2014, mAP.
_base_ = ['../_base_/multilabel_asymmetric_40e.py', '../_base_/coco14.py']

data_preprocessor = dict(num_classes=_base_.num_classes, to_onehot=True)
model = dict(head=dict(num_classes=_base_.num_classes))
kind = 'mmpretrain.MultiLabelDataset'
train_dataloader = dict(
    dataset=dict(
        _base_.coco14_train, type=kind, pipeline=_base_.train_pipeline
    )
)
val_dataloader = dict(
    dataset=dict(_base_.coco14_val, type=kind, pipeline=_base_.pipeline)
)
auto_scale_lr = dict(base_batch_size=128)
val_evaluator = dict(type='mmpretrain.AveragePrecision')
protocol = dict(name='coco14-asymmetric', metric='multi-label/mAP')
