# SS-PRL by the letter of Algorithm 1 in the paper's supplement: losses that
# sum both directions, correlation learners that get probabilities, patches of
# a group that predict the view of the same group, and no local views.
_base_ = 'ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'

num_crops = [2]
model = dict(
    head=dict(
        num_crops=num_crops,
        reduction='paper',
        g_input='prob',
        cross_pairs='matched',
    )
)
pyramid = dict(
    _base_.pyramid,
    num_views=num_crops,
    transforms=_base_.pyramid.transforms[:1],
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            _base_.pyramid_pipeline[0],
            pyramid,
            _base_.pyramid_pipeline[2],
        ]
    )
)
