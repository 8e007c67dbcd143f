# BEiT as trained beside the paper: 400 epochs, 2048 images per step. Mixed
# precision is mmpretrain's; the released HIRL-BEiT ran without.
_base_ = [
    'mmpretrain::beit/beit_beit-base-p16_8xb256-amp-coslr-300e_in1k.py',
    '../_base_/pretraining.py',
]

train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    collate_fn=_base_.collate_fn,
    # The base needs meta/train.txt; a split is found with and without.
    dataset=dict(
        _delete_=True,
        type='hirl_mm.ImageNetImages',
        data_root=_base_.data_root,
        split='train',
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            # Colours and flips.
            *_base_.train_pipeline[1:3],
            dict(type='hirl_mm.TwoSizeCrop', size=224, second_size=112),
            dict(type='hirl_mm.BEiTBlockMask', grid_size=14, num_patches=75),
            _base_.train_pipeline[-1],
        ],
    ),
)
optim_wrapper = dict(constructor='hirl_mm.GroupedOptimWrapperConstructor')
param_scheduler = [
    # From nearly 0; the base starts at a ten-thousandth of the rate.
    dict(_base_.param_scheduler[0], start_factor=1e-6),
    dict(_base_.param_scheduler[1], end=400),
]
train_cfg = dict(max_epochs=400)
default_hooks = _base_.pretraining_hooks
# Empty, for configs that add to their base's list.
custom_hooks = []
