# Figure 2 (e): one level of six layers, two predictors.
_base_ = '../../../hccl/hccl_resnet50_8xb64-amp-coslr-100e_in1k.py'

model = dict(
    neck=dict(num_levels=1, num_layers=6),
    head=dict(
        num_levels=1,
        predictions=[(0, 0), (1, 0)],
        wiring=[(0, 0, 0.25), (1, 0, 0.5)],
    ),
)
