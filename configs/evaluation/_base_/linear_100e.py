# One recipe for the classifiers of all methods. The released code has another
# for every method, between 7.5e-4 and 30 at 256 images; LARS makes the rate
# independent of the scale of the features. Optimizer and rate are HCCL's
# (0.1 for every 256 images), the 100 epochs those of HIRL's released code;
# HCCL's 90 are in linear/resnet50_8xb128-linear-coslr-90e_in1k.py.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='mmpretrain.LARS', lr=0.4, momentum=0.9, weight_decay=0.0
    ),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=100,
        by_epoch=True,
        end=100,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100, val_interval=10)
auto_scale_lr = dict(base_batch_size=1024)

protocol = dict(name='linear', metric='accuracy/top1')
