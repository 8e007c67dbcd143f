# HIRL-MoCo v2 with 2 levels of prototypes (Table 5 of the paper).
_base_ = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'

model = dict(spd_head=dict(num_levels=2))
default_hooks = dict(kmeans=dict(num_prototypes=(30000, 10000)))
