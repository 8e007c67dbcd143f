# A linear classifier for another data set, as HCCL (section 4.3) and PIRL
# train it.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', val_interval=10)
auto_scale_lr = dict(base_batch_size=256)
