_base_ = [
    'mocov3_vit-4x64-p8_1xb64-24e_fashion-mnist.py',
    '../_base_/small_kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLMoCoV3',
    spd_head=dict(_base_.spd_head, num_layers=5),
)
default_hooks = dict(kmeans=_base_.kmeans_hook)
find_unused_parameters = True
