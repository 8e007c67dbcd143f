# MoCo v2 as MMPreTrain trains it, and as section A.2 of the HIRL paper does.
_base_ = [
    'mmpretrain::mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    '../_base_/pretraining.py',
]

train_dataloader = dict(
    collate_fn=_base_.collate_fn,
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)
default_hooks = _base_.pretraining_hooks
# Empty, for configs that add to their base's list.
custom_hooks = []
