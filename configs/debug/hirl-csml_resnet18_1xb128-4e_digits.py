_base_ = [
    'csml_resnet18_1xb128-4e_digits.py',
    '../_base_/digits_hirl_4e.py',
]

model = dict(
    type='hirl_mm.HIRLCsMl',
    spd_head=_base_.spd_head,
)
default_hooks = dict(kmeans=_base_.kmeans_hook)
find_unused_parameters = True
