# CsMl on MoCo v2 as in section 4.1 of the paper: 1024 anchors per step, each
# with a positive, so 64 images per GPU.
_base_ = [
    '../mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    '../_base_/neighbors_hook.py',
]

model = dict(
    type='hirl_mm.CsMl',
    head=dict(_delete_=True, type='hirl_mm.CrossSampleHead', temperature=0.2),
    mix=dict(type='hirl_mm.PairCutMix', alpha=1.0),
    branches=dict(type='hirl_mm.StageBranches', stages=(2, 3)),
)
train_dataloader = dict(batch_size=64, sampler=_base_.pair_sampler)
# 0.03 for every 256 anchors.
optim_wrapper = dict(optimizer=dict(lr=0.12))
auto_scale_lr = dict(base_batch_size=2048)
neighbors = dict(_base_.neighbors_hook, pipeline=_base_.feature_crop)
default_hooks = dict(neighbors=neighbors)
