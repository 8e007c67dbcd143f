# Figure 2 (b): every level predicts itself in the other view.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(head=dict(wiring=[(0, 0, 0.25), (1, 1, 0.5)]))
