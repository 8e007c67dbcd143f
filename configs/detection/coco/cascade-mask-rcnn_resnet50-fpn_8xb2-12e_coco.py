# Cascade Mask R-CNN R50-FPN, 1x: what transformers are compared with.
_base_ = [
    'mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py',
    '../_base_/resnet50.py',
    '../_base_/coco_instance.py',
    '../_base_/schedule_12e.py',
]

model = _base_.fpn
default_hooks = dict(mask_check=_base_.mask_check)
protocol = dict(name='coco-cascade-fpn-1x')
