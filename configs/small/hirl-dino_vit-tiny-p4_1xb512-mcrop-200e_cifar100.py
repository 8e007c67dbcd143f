_base_ = [
    'dino_vit-tiny-p4_1xb512-mcrop-200e_cifar100.py',
    '../_base_/colour_kmeans_hook.py',
]

# As many negatives as the paper has for DINO.
model = dict(
    type='hirl_mm.HIRLDINO', spd_head=dict(_base_.spd_head, num_negatives=100)
)
default_hooks = dict(
    kmeans=dict(_base_.kmeans_hook, pipeline=_base_.whole_pipeline)
)
find_unused_parameters = True
