_base_ = [
    'ibot_vit-4x64-p8_1xb32-mcrop-24e_fashion-mnist.py',
    '../_base_/small_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLiBOT', spd_head=_base_.spd_head)
default_hooks = dict(kmeans=_base_.kmeans_hook)
find_unused_parameters = True
