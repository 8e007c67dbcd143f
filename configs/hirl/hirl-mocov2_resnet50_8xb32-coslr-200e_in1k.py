# HIRL-MoCo v2 as in Table 1 and section 5.1 of the paper.
_base_ = [
    'mmpretrain::mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    '../_base_/kmeans_hook.py',
    '../_base_/knn_imagenet.py',
]

model = dict(
    type='hirl_mm.HIRLMoCo',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        in_channels=128,
        num_levels=3,
        num_negatives=1000,
    ),
)

train_dataloader = dict(
    # MMEngine puts a scope into every dict of a base in another package, and
    # default_collate takes none.
    collate_fn=dict(type='default_collate', _delete_=True),
    dataset=dict(
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]]
    ),
)

custom_hooks = [
    dict(_base_.kmeans_hook, start_epoch=20),
    _base_.knn_probe,
]
default_hooks = dict(
    checkpoint=dict(backend_args=dict(backend='hirl_mm.atomic'))
)

# The heads get no gradient before epoch 20.
find_unused_parameters = True
