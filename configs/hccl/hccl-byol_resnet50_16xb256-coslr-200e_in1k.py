# HCCL on BYOL: MMPreTrain's BYOL with the levels and the loss of HCCL. The
# paper gives no such recipe.
_base_ = [
    'mmpretrain::byol/byol_resnet50_16xb256-coslr-200e_in1k.py',
    '../_base_/pretraining.py',
]

model = dict(
    _delete_=True,
    type='hirl_mm.HCCL',
    _scope_='mmpretrain',
    # The weight of the old average, 1 - base_momentum of MMPreTrain.
    momentum=0.99,
    final_momentum=1.0,
    backbone=dict(
        type='ResNet',
        depth=50,
        norm_cfg=dict(type='SyncBN'),
        zero_init_residual=False,
    ),
    neck=dict(
        type='hirl_mm.HierarchicalProjectionNeck',
        in_channels=2048,
        hid_channels=4096,
        out_channels=256,
        num_levels=2,
        num_layers=2,
    ),
    head=dict(
        type='hirl_mm.CrossLevelHead',
        in_channels=256,
        hid_channels=4096,
        num_levels=2,
    ),
)
train_dataloader = dict(
    drop_last=True,
    collate_fn=_base_.collate_fn,
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)
optim_wrapper = dict(
    constructor='hirl_mm.GroupedOptimWrapperConstructor',
    optimizer=dict(type='mmpretrain.LARS'),
)
default_hooks = dict(
    _base_.pretraining_hooks, teacher=dict(type='hirl_mm.TeacherUpdateHook')
)
# Empty, for configs that add to their base's list.
custom_hooks = []
