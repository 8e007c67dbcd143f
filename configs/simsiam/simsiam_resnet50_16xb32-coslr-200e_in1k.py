# SimSiam at the batch of 512 images of the HIRL paper (section A.2).
_base_ = [
    'mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-200e_in1k.py',
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

# 0.05 for every 256 images; the predictor's stays.
lr = 0.1
optim_wrapper = dict(
    constructor='hirl_mm.GroupedOptimWrapperConstructor',
    optimizer=dict(lr=lr),
)
custom_hooks = [dict(_base_.custom_hooks[0], lr=lr), _base_.knn_probe]
default_hooks = dict(
    checkpoint=dict(backend_args=dict(backend='hirl_mm.atomic'))
)
