# HIRL-MoCo v2 with a cheaper clustering: one start of the finest level instead
# of five, runs that end once they improve little, tf32 (docs/modes.md).
_base_ = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'

default_hooks = dict(kmeans=dict(mode='fast'))
