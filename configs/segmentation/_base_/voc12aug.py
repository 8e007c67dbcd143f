# Pascal VOC 2012 with the added annotations: 10,582 images for training,
# 1449 for evaluation, crops of 512 pixels.
crop_size = (512, 512)


def voc(split, masks, pipeline):
    return dict(
        type='PascalVOCDataset',
        _scope_='mmseg',
        data_root='data/VOCdevkit/VOC2012',
        data_prefix=dict(img_path='JPEGImages', seg_map_path=masks),
        ann_file=f'ImageSets/Segmentation/{split}.txt',
        pipeline=pipeline,
    )


train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(
        type='RandomResize',
        scale=(2048, 512),
        ratio_range=(0.5, 2.0),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 512), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='ConcatDataset',
        _scope_='mmseg',
        datasets=[
            voc('train', 'SegmentationClass', train_pipeline),
            voc('aug', 'SegmentationClassAug', train_pipeline),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=voc('val', 'SegmentationClass', test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmseg.IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
protocol = dict(name='voc12-segmentation', metric='mIoU')
