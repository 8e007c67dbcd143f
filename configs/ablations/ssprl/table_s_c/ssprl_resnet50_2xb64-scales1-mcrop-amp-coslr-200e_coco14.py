# Whole images alone: the baseline of Table S-C, and K_1 = 0 of Table S-D.
_base_ = '../../../ssprl/ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'

model = dict(
    neck=dict(num_scales=1),
    head=dict(
        num_prototypes=(300,),
        num_patches=(),
        weights=(1.0,),
        queue_lengths=(1920,),
    ),
)
pyramid = dict(_base_.pyramid, scales=[])
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            _base_.pyramid_pipeline[0],
            pyramid,
            _base_.pyramid_pipeline[2],
        ]
    )
)
default_hooks = dict(frozen_layers=dict(layers=['prototypes']))
