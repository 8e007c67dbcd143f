# HIRL-MoCo v3 as in Table 1 and section 5.1 of the paper. T1 is that of the
# released model, the length of the warm-up; the paper's text has 20.
_base_ = [
    '../mocov3/mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k.py',
    '../_base_/kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLMoCoV3',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_layers=5,
        num_negatives=100,
    ),
)
default_hooks = dict(
    kmeans=dict(
        _base_.kmeans_hook,
        num_prototypes=(30000, 10000, 5000),
        start_epoch=40,
    )
)

# The heads get no gradient before epoch 40.
find_unused_parameters = True
