# HIRL-iBOT as in Table 1 and section 5.1 of the paper.
_base_ = [
    '../ibot/ibot_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
    '../_base_/kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLiBOT',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=100,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=40))

# The heads get no gradient before epoch 40.
find_unused_parameters = True
