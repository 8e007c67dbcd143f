# MoCo v2's recipe on scikit-learn's digits with a positive for each of the 64
# anchors of a step: CsMl without mixed images and without branches.
_base_ = [
    'mocov2_resnet18_1xb64-20e_digits.py',
    '../_base_/digits_neighbors_hook.py',
]

model = dict(
    type='hirl_mm.CsMl',
    head=dict(_delete_=True, type='hirl_mm.CrossSampleHead', temperature=0.1),
)
train_dataloader = _base_.pair_loader
neighbors = dict(_base_.neighbors_hook, pipeline=_base_.knn_pipeline)
default_hooks = dict(neighbors=neighbors)
