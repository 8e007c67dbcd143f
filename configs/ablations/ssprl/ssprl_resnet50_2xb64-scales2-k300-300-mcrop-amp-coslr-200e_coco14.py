# Two scales: supplement of the paper, section E. As many prototypes on each,
# weight 0.5 for the patches.
_base_ = '../../ssprl/ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'

model = dict(
    neck=dict(num_scales=2),
    head=dict(
        num_prototypes=(300, 300),
        num_patches=(4,),
        weights=(1.0, 0.5),
        queue_lengths=(1920, 4992),
    ),
)
pyramid = dict(_base_.pyramid, scales=_base_.pyramid.scales[:1])
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            _base_.pyramid_pipeline[0],
            pyramid,
            _base_.pyramid_pipeline[2],
        ]
    )
)
