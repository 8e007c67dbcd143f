# HIRL-MoCo v2 with 1 level of prototypes (Table 5 of the paper).
_base_ = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'

model = dict(spd_head=dict(num_levels=1))
default_hooks = dict(kmeans=dict(num_prototypes=(30000,)))
