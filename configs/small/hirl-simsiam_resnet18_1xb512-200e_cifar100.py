_base_ = [
    'simsiam_resnet18_1xb512-200e_cifar100.py',
    '../_base_/colour_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLSimSiam', spd_head=_base_.spd_head)
default_hooks = dict(
    kmeans=dict(_base_.kmeans_hook, pipeline=_base_.whole_pipeline)
)
find_unused_parameters = True
