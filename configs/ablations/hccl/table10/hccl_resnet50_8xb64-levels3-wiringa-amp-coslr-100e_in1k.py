# Way (a), as we read it: every level predicts itself in the other view.
_base_ = '../table6/hccl_resnet50_8xb64-levels3-layers3-amp-coslr-100e_in1k.py'

model = dict(head=dict(wiring=[(0, 0, 0.25), (1, 1, 0.5), (2, 2, 0.5)]))
