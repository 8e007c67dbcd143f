_base_ = [
    'swav_resnet18_1xb64-mcrop-4e_digits.py',
    '../_base_/digits_kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLSwAV',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        in_channels=128,
        num_levels=3,
        num_negatives=100,
    ),
)
custom_hooks = [
    dict(_base_.kmeans_hook, start_epoch=2),
    *_base_.custom_hooks,
]
find_unused_parameters = True
