# Linear classifier on the pooled maps of stage 2 (layer2), Table 7 of CsMl's
# paper. Later stages are not computed.
_base_ = './resnet50_8xb32-linear-steplr-100e_in1k.py'

model = dict(
    backbone=dict(
        num_stages=2,
        strides=(1, 2),
        dilations=(1, 1),
        out_indices=(1,),
        frozen_stages=2,
    ),
    head=dict(in_channels=512),
)
protocol = dict(name='linear-steplr-stage2')
