# CsMl on MoCo v2, with a positive for each of the 64 anchors of a step: two
# images per anchor, so half the epochs of the other methods.
_base_ = 'mocov2_resnet18_1xb64-24e_fashion-mnist.py'

model = dict(
    type='hirl_mm.CsMl',
    mix=dict(type='hirl_mm.PairCutMix'),
    head=dict(_delete_=True, type='hirl_mm.CrossSampleHead', temperature=0.1),
    branches=dict(type='hirl_mm.StageBranches', stages=(2, 3)),
)
train_dataloader = dict(
    batch_size=128, sampler=dict(type='hirl_mm.NeighborPairSampler')
)
param_scheduler = [dict(_base_.param_scheduler[0], T_max=12, end=12)]
train_cfg = dict(max_epochs=12)
default_hooks = dict(
    neighbors=dict(
        type='hirl_mm.NeighborBankHook',
        k=10,
        num_workers=0,
        pipeline=_base_.whole_pipeline,
    )
)
