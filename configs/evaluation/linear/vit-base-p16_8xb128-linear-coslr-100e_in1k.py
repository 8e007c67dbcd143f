# Linear classifier on the frozen class token of a ViT-B/16.
_base_ = [
    '../_base_/imagenet.py',
    '../_base_/vit-base-p16.py',
    '../_base_/linear_100e.py',
]

model = dict(backbone=dict(type='hirl_mm.FrozenViT', frozen_stages=12))
