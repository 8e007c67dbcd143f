# Way (b), as we read it: two levels predict each other, the third itself.
_base_ = '../table6/hccl_resnet50_8xb64-levels3-layers3-amp-coslr-100e_in1k.py'

model = dict(head=dict(wiring=[(0, 1, 0.25), (1, 0, 0.5), (2, 2, 0.5)]))
