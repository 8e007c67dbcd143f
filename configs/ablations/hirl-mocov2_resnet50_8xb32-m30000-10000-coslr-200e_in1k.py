# HIRL-MoCo v2 with 2 levels of prototypes (Table 5 of the paper).
_base_ = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'

model = dict(spd_head=dict(num_levels=2))
custom_hooks = [
    dict(_base_.custom_hooks[0], num_prototypes=(30000, 10000)),
    *_base_.custom_hooks[1:],
]
