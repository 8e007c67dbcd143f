# Heads of iBOT's Cascade Mask R-CNN, which HIRL takes: boxes by four
# convolutions and one linear layer per stage, normalised over GPUs, with GIoU
# loss of decoded boxes of every class.
_base_ = 'mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py'

box_head = dict(
    type='Shared4Conv1FCBBoxHead',
    in_channels=256,
    fc_out_channels=1024,
    roi_feat_size=7,
    num_classes=80,
    norm_cfg=dict(type='SyncBN', requires_grad=True),
    reg_class_agnostic=False,
    reg_decoded_bbox=True,
    loss_cls=dict(type='CrossEntropyLoss', loss_weight=1.0),
    loss_bbox=dict(type='GIoULoss', loss_weight=10.0),
)
coder = dict(type='DeltaXYWHBBoxCoder', target_means=[0.0] * 4)
coders = [
    dict(coder, target_stds=[0.1, 0.1, 0.2, 0.2]),
    dict(coder, target_stds=[0.05, 0.05, 0.1, 0.1]),
    dict(coder, target_stds=[0.033, 0.033, 0.067, 0.067]),
]
model = dict(
    roi_head=dict(bbox_head=[dict(box_head, bbox_coder=c) for c in coders])
)
