# HIRL-MoCo v2 with 10000 negative paths per image (Table 5 of the paper).
_base_ = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'

model = dict(spd_head=dict(num_negatives=10000))
