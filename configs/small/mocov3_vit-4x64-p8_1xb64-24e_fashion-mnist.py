# MoCo v3 with a small ViT.
_base_ = [
    '../_base_/fashion_mnist.py',
    '../_base_/models/mocov3_vit-4x64-p8.py',
]
