# CsMl on BYOL, appendix A.1 of the paper: MMPreTrain's BYOL for 300 epochs,
# with 4096 anchors per step, each with a positive.
_base_ = [
    'mmpretrain::byol/byol_resnet50_16xb256-coslr-200e_in1k.py',
    '../_base_/pretraining.py',
    '../_base_/neighbors_hook.py',
]

model = dict(
    type='hirl_mm.CsMlBYOL',
    mix=dict(type='hirl_mm.PairCutMix', alpha=1.0),
)
train_dataloader = dict(
    batch_size=128,
    drop_last=True,
    sampler=_base_.pair_sampler,
    collate_fn=_base_.collate_fn,
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)
optim_wrapper = dict(optimizer=dict(type='mmpretrain.LARS'))
auto_scale_lr = dict(base_batch_size=8192)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], T_max=290, end=300),
]
train_cfg = dict(max_epochs=300)
neighbors = dict(_base_.neighbors_hook, pipeline=_base_.feature_crop)
default_hooks = dict(_base_.pretraining_hooks, neighbors=neighbors)
# Empty, for configs that add to their base's list.
custom_hooks = []
