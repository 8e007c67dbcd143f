_base_ = [
    'csml_resnet18_1xb128-12e_fashion-mnist.py',
    '../_base_/small_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLCsMl', spd_head=_base_.spd_head)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=3))
find_unused_parameters = True
