# MoCo v3 at the 400 epochs of the HIRL paper (section A.2). The learning rate
# is the paper's for both arms; the released HIRL-MoCo v3 has 2.4e-3.
_base_ = [
    'mmpretrain::mocov3/mocov3_vit-base-p16_16xb256-amp-coslr-300e_in1k.py',
    '../_base_/pretraining.py',
]

train_dataloader = dict(
    batch_size=32,
    drop_last=True,
    collate_fn=_base_.collate_fn,
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1.6e-3))
param_scheduler = [
    # From nearly 0; the base starts at a ten-thousandth of the rate.
    dict(_base_.param_scheduler[0], start_factor=1e-6),
    dict(_base_.param_scheduler[1], T_max=360, end=400),
]
train_cfg = dict(max_epochs=400)
default_hooks = _base_.pretraining_hooks
# Empty, for configs that add to their base's list.
custom_hooks = []
