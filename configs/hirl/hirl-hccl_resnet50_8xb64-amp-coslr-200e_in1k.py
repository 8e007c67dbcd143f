# HIRL-HCCL, with the tree of HIRL-SimSiam. No paper has it.
_base_ = [
    '../hccl/hccl_resnet50_8xb64-amp-coslr-200e_in1k.py',
    '../_base_/kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLHCCL',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=1000,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=20))

# The heads get no gradient before epoch 20.
find_unused_parameters = True
