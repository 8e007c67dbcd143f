# MoCo's linear classifier, which CsMl's paper trains (section 4.2): its rate
# of 30 fits features as they are, not normalised. As in the released code.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=30.0, momentum=0.9, weight_decay=0.0),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[60, 80], gamma=0.1)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100, val_interval=10)
auto_scale_lr = dict(base_batch_size=256)

protocol = dict(name='linear-steplr', metric='accuracy/top1')
