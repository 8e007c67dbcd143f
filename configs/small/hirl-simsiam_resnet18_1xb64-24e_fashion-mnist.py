_base_ = [
    'simsiam_resnet18_1xb64-24e_fashion-mnist.py',
    '../_base_/small_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLSimSiam', spd_head=_base_.spd_head)
# SimSiam learns slowly, and early trees can harm it (docs/evidence.md).
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=12))
find_unused_parameters = True
