# COCO's boxes and masks, resized as for boxes alone.
_base_ = 'mmdet::_base_/datasets/coco_instance.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(
                type='RandomChoiceResize',
                scales=[(1333, side) for side in range(640, 801, 32)],
                keep_ratio=True,
            ),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ]
    )
)
# For default_hooks of a leaf config.
mask_check = dict(type='hirl_mm.MaskCheckHook')
protocol = dict(
    name='coco-instance',
    metric='coco/segm_mAP',
    further_metrics=[
        *('coco/segm_mAP_50', 'coco/segm_mAP_75', 'coco/bbox_mAP'),
        *('coco/bbox_mAP_50', 'coco/bbox_mAP_75'),
    ],
)
