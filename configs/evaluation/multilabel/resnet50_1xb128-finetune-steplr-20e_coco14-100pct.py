# Fine-tuning on COCO with several labels per image, SS-PRL's semi-supervised
# protocol with all labels: supplement, section B. The paper searches both
# rates from 1e-3 to 0.1 (docs/evaluation.md has the commands); these are
# those of the released code, whose backbone gets no gradient.
_base_ = ['../_base_/multilabel.py', '../_base_/coco14.py']

data_preprocessor = dict(num_classes=_base_.num_classes, to_onehot=True)
model = dict(
    backbone=dict(norm_cfg=dict(type='SyncBN')),
    head=dict(num_classes=_base_.num_classes),
)
kind = 'mmpretrain.MultiLabelDataset'
train_dataloader = dict(
    dataset=dict(_base_.coco14_train, type=kind, pipeline=_base_.pipeline)
)
val_dataloader = dict(
    dataset=dict(_base_.coco14_val, type=kind, pipeline=_base_.pipeline)
)
optim_wrapper = dict(
    optimizer=dict(lr=1e-3),
    # 0.1 for the classifier.
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=100.0))),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[12, 16], gamma=0.2)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=4)
auto_scale_lr = dict(base_batch_size=128)
val_evaluator = dict(type='mmpretrain.AveragePrecision')
protocol = dict(name='coco14-semisup-100pct', metric='multi-label/mAP')
