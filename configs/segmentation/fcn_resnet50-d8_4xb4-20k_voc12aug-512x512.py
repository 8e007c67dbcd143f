# FCN R50-d8 on VOC 2012, 20k iterations: the protocol of SS-PRL.
_base_ = [
    './_base_/fcn_resnet50-d8.py',
    './_base_/voc12aug.py',
    '../_base_/runtime.py',
]

default_scope = 'mmseg'
train_cfg = dict(type='IterBasedTrainLoop', max_iters=20000, val_interval=2000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [
    dict(
        type='PolyLR',
        power=0.9,
        eta_min=1e-4,
        by_epoch=False,
        begin=0,
        end=20000,
    )
]
auto_scale_lr = dict(enable=False, base_batch_size=16)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=2000))
log_processor = dict(by_epoch=False)
visualizer = dict(type='mmseg.SegLocalVisualizer')
