# SGD on one GPU for 200 epochs of batches of 512 images, as SimSiam is trained
# on CIFAR: 0.03 for every 256 images. MoCo's example for CIFAR has the same
# rate and decay.
_base_ = 'runtime.py'

lr = 0.06
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        convert_to_iter_based=True,
        T_max=200,
        end=200,
    )
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200)

default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
randomness = dict(seed=0)
