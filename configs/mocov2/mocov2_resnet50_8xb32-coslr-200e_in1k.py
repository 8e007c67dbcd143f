# MoCo v2 as MMPreTrain trains it, and as section A.2 of the HIRL paper does.
_base_ = [
    'mmpretrain::mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    '../_base_/knn_imagenet.py',
]

train_dataloader = dict(
    # MMEngine puts a scope into every dict of a base in another package, and
    # default_collate takes none.
    collate_fn=dict(type='default_collate', _delete_=True),
    dataset=dict(
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]]
    ),
)
custom_hooks = [_base_.knn_probe]
default_hooks = dict(
    checkpoint=dict(backend_args=dict(backend='hirl_mm.atomic'))
)
