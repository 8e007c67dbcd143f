# HIRL-SS-PRL with a tree over whole images.
_base_ = [
    'ssprl_resnet18_1xb64-24e_fashion-mnist.py',
    '../_base_/small_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLSSPRL', spd_head=_base_.spd_head)
default_hooks = dict(kmeans=_base_.kmeans_hook)
find_unused_parameters = True
