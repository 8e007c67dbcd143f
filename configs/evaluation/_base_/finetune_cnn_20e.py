# Fine-tuning a CNN: section 5.2 of the HIRL paper. The released code scales
# the encoder's rate to 0.4, loses the classifier's own one and adds mixup;
# with mixup: model.train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8),
# dict(type='CutMix', alpha=1.0)]) and the classifier's loss
# dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original').
_base_ = ['imagenet.py', 'resnet50.py']

model = dict(backbone=dict(norm_cfg=dict(type='SyncBN')))
# As released; 1 % of ImageNet would leave one or two images per GPU.
train_dataloader = dict(drop_last=True)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0),
    # 1.0 for the classifier.
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0))),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[12, 16], gamma=0.2)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20)
auto_scale_lr = dict(base_batch_size=1024)

protocol = dict(name='finetune', metric='accuracy/top1')
