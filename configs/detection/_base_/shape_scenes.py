# Training and evaluating a detector on scenes of shapes, in minutes on a CPU,
# that tools/dataset_converters/shape_scenes.py draws: all but the model.
_base_ = 'runtime.py'

data_root = 'data/shape_scenes/'
shapes = (
    *('burst', 'crescent', 'cross', 'disc', 'ell', 'ellipse'),
    *('rectangle', 'sparkle', 'square', 'star', 'tee', 'triangle'),
)

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CocoDataset',
        _scope_='mmdet',
        data_root=data_root,
        ann_file='annotations/instances_train.json',
        data_prefix=dict(img='train'),
        metainfo=dict(classes=shapes),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(type='Resize', scale=(160, 128), keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        _scope_='mmdet',
        data_root=data_root,
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='val'),
        metainfo=dict(classes=shapes),
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(type='Resize', scale=(160, 128), keep_ratio=True),
            dict(
                type='PackDetInputs',
                meta_keys=(
                    *('img_id', 'img_path', 'ori_shape'),
                    *('img_shape', 'scale_factor'),
                ),
            ),
        ],
    ),
)
val_evaluator = dict(
    type='mmdet.CocoMetric',
    ann_file=data_root + 'annotations/instances_val.json',
    metric=['bbox', 'segm'],
)
val_cfg = dict(type='ValLoop')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
test_cfg = dict(type='TestLoop')

default_hooks = dict(
    logger=dict(interval=5),
    checkpoint=dict(interval=1, max_keep_ckpts=1),
    mask_check=dict(type='hirl_mm.MaskCheckHook'),
)
randomness = dict(seed=0)
