# Linear classifier on the pooled maps of stage 3 (layer3), Table 7 of CsMl's
# paper. Later stages are not computed.
_base_ = './resnet50_8xb32-linear-steplr-100e_in1k.py'

model = dict(
    backbone=dict(
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        frozen_stages=3,
    ),
    head=dict(in_channels=1024),
)
protocol = dict(name='linear-steplr-stage3')
