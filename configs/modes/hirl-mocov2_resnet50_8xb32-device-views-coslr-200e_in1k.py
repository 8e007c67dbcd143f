# HIRL-MoCo v2 whose views the GPU makes (docs/views.md).
_base_ = [
    '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    '../_base_/device_views.py',
]
