# A run of seconds through CsMl on BYOL, with two searches for neighbours.
_base_ = [
    '../demo/byol_resnet18_1xb64-20e_digits.py',
    '../_base_/digits_neighbors_hook.py',
]

model = dict(
    type='hirl_mm.CsMlBYOL',
    mix=dict(type='hirl_mm.PairCutMix'),
)
train_dataloader = _base_.pair_loader
param_scheduler = [dict(_base_.param_scheduler[0], T_max=4, end=4)]
train_cfg = dict(max_epochs=4)
neighbors = dict(
    _base_.neighbors_hook, interval=2, pipeline=_base_.knn_pipeline
)
default_hooks = dict(neighbors=neighbors)
