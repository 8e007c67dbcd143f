# COCO's boxes; the short side of a training image is 640 to 800 pixels.
_base_ = 'mmdet::_base_/datasets/coco_detection.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
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
protocol = dict(
    name='coco-detection',
    metric='coco/bbox_mAP',
    further_metrics=['coco/bbox_mAP_50', 'coco/bbox_mAP_75'],
)
