# DINO at the 400 epochs of the HIRL paper (section A.2).
_base_ = [
    '../_base_/imagenet_multicrop.py',
    '../_base_/self_distillation_400e.py',
    '../_base_/knn_imagenet.py',
]

model = dict(
    type='hirl_mm.DINOAlgorithm',
    _scope_='mmpretrain',
    num_crops=_base_.num_crops,
    base_momentum=0.996,
    backbone=dict(
        type='hirl_mm.DINOViT',
        arch='deit-base',
        img_size=224,
        patch_size=16,
        drop_path_rate=0.1,
    ),
    neck=dict(
        type='hirl_mm.DINONeck',
        in_channels=768,
        hid_channels=2048,
        out_channels=256,
    ),
    head=dict(
        type='hirl_mm.DINODistillHead',
        in_channels=256,
        out_channels=65536,
        student_temp=0.1,
        warmup_teacher_temp=0.04,
        teacher_temp=0.07,
        warmup_teacher_temp_epochs=50,
    ),
)
default_hooks = dict(knn_probe=_base_.knn_probe)
