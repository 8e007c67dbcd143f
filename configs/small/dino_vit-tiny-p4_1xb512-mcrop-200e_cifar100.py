# DINO with a ViT of 64 patches of 4 pixels, two global views of 32 pixels and
# four local ones of 16, trained as on ImageNet for half as many epochs.
_base_ = ['../_base_/cifar100.py', '../_base_/self_distillation_400e.py']

num_crops = [2, 4]
model = dict(
    type='hirl_mm.DINOAlgorithm',
    _scope_='mmpretrain',
    num_crops=num_crops,
    base_momentum=0.996,
    backbone=dict(
        type='hirl_mm.DINOViT',
        arch='deit-tiny',
        img_size=32,
        patch_size=4,
        drop_path_rate=0.1,
    ),
    neck=dict(
        type='hirl_mm.DINONeck',
        in_channels=192,
        hid_channels=1024,
        out_channels=256,
    ),
    # 4096 instead of 65536 outputs, as there are fewer images.
    head=dict(
        type='hirl_mm.DINODistillHead',
        in_channels=256,
        out_channels=4096,
        student_temp=0.1,
        warmup_teacher_temp=0.04,
        teacher_temp=0.04,
        warmup_teacher_temp_epochs=0,
    ),
)

global_crop = dict(
    _base_.crop, crop_ratio_range=(0.25, 1.0), interpolation='bicubic'
)
local_crop = dict(global_crop, scale=16, crop_ratio_range=(0.05, 0.25))
multi_crop = dict(
    type='mmpretrain.MultiView',
    num_views=num_crops,
    transforms=[[global_crop, *_base_.look], [local_crop, *_base_.look]],
)
train_dataloader = dict(
    dataset=dict(pipeline=[_base_.load, multi_crop, _base_.pack])
)

# 5e-4 for every 256 images, as in DINO's code; float32, since the networks
# are small.
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    constructor=_base_.optim_wrapper.constructor,
    optimizer=dict(_base_.optim_wrapper.optimizer, lr=1e-3),
    paramwise_cfg=_base_.optim_wrapper.paramwise_cfg,
)
param_scheduler = [
    _base_.param_scheduler[0],
    *(dict(schedule, end=200) for schedule in _base_.param_scheduler[1:]),
]
train_cfg = dict(max_epochs=200)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
randomness = dict(seed=0)
