# BEiT as trained beside the paper: 400 epochs, 2048 images per step. Mixed
# precision is mmpretrain's; the released HIRL-BEiT ran without.
_base_ = [
    'mmpretrain::beit/beit_beit-base-p16_8xb256-amp-coslr-300e_in1k.py',
    '../_base_/knn_imagenet.py',
]

train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    # MMEngine puts a scope into every dict of a base in another package, and
    # default_collate takes none.
    collate_fn=dict(type='default_collate', _delete_=True),
    # The base needs meta/train.txt; a split is found with and without.
    dataset=dict(
        _delete_=True,
        type='mmpretrain.ImageNet',
        data_root=_base_.data_root,
        split='train',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)
optim_wrapper = dict(constructor='hirl_mm.GroupedOptimWrapperConstructor')
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=400),
]
train_cfg = dict(max_epochs=400)
custom_hooks = [_base_.knn_probe]
default_hooks = dict(
    checkpoint=dict(backend_args=dict(backend='hirl_mm.atomic'))
)
