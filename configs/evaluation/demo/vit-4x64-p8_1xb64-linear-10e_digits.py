# Linear classifier on the frozen class token of a ViT of configs/debug.
_base_ = [
    '../_base_/digits.py',
    '../_base_/vit-4x64-p8.py',
    '../_base_/demo_linear_10e.py',
]

model = dict(backbone=dict(type='hirl_mm.FrozenViT', frozen_stages=4))
