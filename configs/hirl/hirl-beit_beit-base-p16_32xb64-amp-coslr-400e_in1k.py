# HIRL-BEiT as in the released code; the paper has no BEiT.
_base_ = [
    '../beit/beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py',
    '../_base_/kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLBEiT',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=100,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=40))

# The heads get no gradient before epoch 40, the tokenizer never.
find_unused_parameters = True
