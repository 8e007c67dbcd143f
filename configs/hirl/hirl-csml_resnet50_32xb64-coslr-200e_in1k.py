# HIRL-CsMl, with the tree of HIRL-MoCo v2. No paper has it.
_base_ = [
    '../csml/csml_resnet50_32xb64-coslr-200e_in1k.py',
    '../_base_/kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLCsMl',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=1000,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=20))

# The heads get no gradient before epoch 20.
find_unused_parameters = True
