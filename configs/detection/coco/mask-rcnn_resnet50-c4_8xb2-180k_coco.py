# Mask R-CNN R50-C4 with a norm behind res5, 180k iterations: COCO's masks.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50-caffe-c4.py',
    '../_base_/resnet50.py',
    '../_base_/coco_instance.py',
    '../_base_/schedule_180k.py',
]

model = _base_.c4
train_dataloader = dict(sampler=dict(type='InfiniteSampler'))
default_hooks = dict(mask_check=_base_.mask_check)
