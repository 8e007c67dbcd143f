# Pascal VOC: training on 2007 and 2012 (trainval), evaluation on 2007 (test)
# as detectron2 does it. The short side of a training image is 480 to 800.
_base_ = 'mmdet::_base_/datasets/voc0712.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomChoiceResize',
        scales=[(1333, side) for side in range(480, 801, 32)],
        keep_ratio=True,
    ),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        _scope_='mmdet',
        ignore_keys=['dataset_type'],
        datasets=[
            dict(
                type='VOCDataset',
                data_root=_base_.data_root,
                ann_file=f'VOC{year}/ImageSets/Main/trainval.txt',
                data_prefix=dict(sub_data_root=f'VOC{year}/'),
                # Small boxes are learned, too, other than by default.
                filter_cfg=dict(filter_empty_gt=True, min_size=32),
                pipeline=train_pipeline,
            )
            for year in (2007, 2012)
        ],
    )
)
test_pipeline = _base_.test_pipeline
test_pipeline[1].scale = (1333, 800)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
# AP50, AP75 and their mean over thresholds; 11 points as for VOC07.
val_evaluator = dict(iou_thrs=[0.5 + 0.05 * step for step in range(10)])
test_evaluator = val_evaluator
protocol = dict(
    name='voc0712-detection',
    metric='pascal_voc/mAP',
    further_metrics=['pascal_voc/AP50', 'pascal_voc/AP75'],
)
