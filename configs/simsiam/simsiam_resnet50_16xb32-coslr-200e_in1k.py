# SimSiam at the batch of 512 images of the HIRL paper (section A.2).
_base_ = [
    'mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-200e_in1k.py',
    '../_base_/pretraining.py',
]

train_dataloader = dict(
    collate_fn=_base_.collate_fn,
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)

# 0.05 for every 256 images; the predictor's stays.
lr = 0.1
optim_wrapper = dict(
    constructor='hirl_mm.GroupedOptimWrapperConstructor',
    optimizer=dict(lr=lr),
)
# MMPreTrain's SimSiamHook, with this learning rate.
custom_hooks = [dict(_base_.custom_hooks[0], lr=lr)]
default_hooks = _base_.pretraining_hooks
