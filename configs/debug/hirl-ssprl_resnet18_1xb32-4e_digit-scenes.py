# A tree over whole scenes.
_base_ = [
    'ssprl_resnet18_1xb32-4e_digit-scenes.py',
    '../_base_/digits_hirl_4e.py',
]

model = dict(type='hirl_mm.HIRLSSPRL', spd_head=_base_.spd_head)
default_hooks = dict(kmeans=_base_.kmeans_hook)
find_unused_parameters = True
