# Mask R-CNN R50-FPN, 1x: the protocol of HCCL, CsMl and SS-PRL on COCO.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/resnet50.py',
    '../_base_/coco_instance.py',
    '../_base_/schedule_12e.py',
]

model = _base_.fpn
# Four convolutions and a linear layer, as SS-PRL's authors have it.
model['roi_head']['bbox_head'] = dict(
    type='Shared4Conv1FCBBoxHead',
    conv_out_channels=256,
    norm_cfg=_base_.sync_bn,
)
default_hooks = dict(mask_check=_base_.mask_check)
protocol = dict(
    name='coco-fpn-1x',
    further_metrics=[
        *_base_.protocol.further_metrics,
        *(f'coco/bbox_mAP_{size}' for size in 'sml'),
        *(f'coco/segm_mAP_{size}' for size in 'sml'),
    ],
)
