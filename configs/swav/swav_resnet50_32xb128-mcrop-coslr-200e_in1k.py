# SwAV at the batch of 4096 images of the HIRL paper (section A.2): without a
# queue, prototypes frozen for 313 iterations.
_base_ = [
    'mmpretrain::swav/swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px.py',
    '../_base_/pretraining.py',
]

model = dict(
    # SwAV's authors and torchvision start all scales at 1, mmpretrain the
    # last one of a block at 0.
    backbone=dict(zero_init_residual=False),
    head=dict(loss=dict(type='hirl_mm.SwAVLoss', num_prototypes=3000)),
)
train_dataloader = dict(
    batch_size=128,
    collate_fn=_base_.collate_fn,
    # The base needs meta/train.txt; a split is found with and without.
    dataset=dict(
        _delete_=True,
        type='hirl_mm.ImageNetImages',
        data_root=_base_.data_root,
        split='train',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)

# 0.3 for every 256 images, which is where the warm-up starts.
lr = 4.8
optim_wrapper = dict(
    optimizer=dict(type='hirl_mm.LARC', lr=lr, momentum=0.9, weight_decay=1e-6)
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.3 / lr,
        by_epoch=True,
        begin=0,
        end=10,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        T_max=190,
        eta_min=4.8e-3,
        by_epoch=True,
        begin=10,
        end=200,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(
    _base_.pretraining_hooks,
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes'],
        end=313,
        by_epoch=False,
    ),
)
# Without MMPreTrain's SwAVHook: hirl_mm.SwAVLoss keeps its queue itself.
custom_hooks = []
find_unused_parameters = False
