# Faster R-CNN R50-C4 with a norm behind res5, 24k iterations: boxes on VOC.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50-caffe-c4.py',
    '../_base_/resnet50.py',
    '../_base_/voc0712.py',
    '../_base_/schedule_180k.py',
]

model = _base_.c4
model['roi_head']['bbox_head'] = dict(num_classes=20)
train_dataloader = dict(sampler=dict(type='InfiniteSampler'))
train_cfg = dict(max_iters=24000, val_interval=6000)
# The rate stays 0.02 as in MoCo's detection code, whose schedule this is.
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=100
    ),
    dict(
        type='MultiStepLR',
        by_epoch=False,
        milestones=[18000, 22000],
        gamma=0.1,
    ),
]
default_hooks = dict(checkpoint=dict(interval=6000))
