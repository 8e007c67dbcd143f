# HIRL-MoCo v2 without a feature pass: trees of the keys that training
# computes, each begun at the one before (docs/modes.md).
_base_ = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'

default_hooks = dict(kmeans=dict(mode='bank'))
