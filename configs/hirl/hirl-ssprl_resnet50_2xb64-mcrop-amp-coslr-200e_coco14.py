# HIRL-SS-PRL with a tree over the 82,783 images of COCO train2014. No paper
# has it: as many prototypes per image as HIRL has on ImageNet.
_base_ = [
    '../ssprl/ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py',
    '../_base_/kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLSSPRL',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=1000,
    ),
)
default_hooks = dict(
    kmeans=dict(
        _base_.kmeans_hook, num_prototypes=(2000, 650, 65), start_epoch=20
    )
)

# The heads get no gradient before epoch 20.
find_unused_parameters = True
