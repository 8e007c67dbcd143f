# MMDetection's 1x schedule, with a warm-up as short as that of 180k.
_base_ = ['mmdet::_base_/schedules/schedule_1x.py', './runtime.py']

param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=100
    ),
    dict(type='MultiStepLR', by_epoch=True, milestones=[8, 11], gamma=0.1),
]
default_hooks = dict(checkpoint=dict(interval=1))
