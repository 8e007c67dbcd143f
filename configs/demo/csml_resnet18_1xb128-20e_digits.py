# CsMl on scikit-learn's digits, MoCo v2's recipe with 64 anchors per step and
# a positive for each.
_base_ = 'mocov2_resnet18_1xb64-20e_digits.py'

model = dict(
    type='hirl_mm.CsMl',
    head=dict(_delete_=True, type='hirl_mm.CrossSampleHead', temperature=0.1),
    mix=dict(type='hirl_mm.PairCutMix'),
    branches=dict(type='hirl_mm.StageBranches', stages=(2, 3)),
)
train_dataloader = dict(
    batch_size=128, sampler=dict(type='hirl_mm.NeighborPairSampler')
)
neighbors = dict(
    type='hirl_mm.NeighborBankHook',
    k=10,
    pipeline=_base_.knn_pipeline,
    num_workers=0,
)
default_hooks = dict(neighbors=neighbors)
