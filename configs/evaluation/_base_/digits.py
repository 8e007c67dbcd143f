# Training and evaluating a classifier on the digits of scikit-learn, in
# seconds: all but the model and the schedule.
_base_ = '../../_base_/runtime.py'

default_scope = 'mmpretrain'
data_root = 'data/digits/'

data_preprocessor = dict(
    num_classes=10,
    mean=[127.5, 127.5, 127.5],
    std=[127.5, 127.5, 127.5],
    to_rgb=True,
)

train_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=32,
        crop_ratio_range=(0.6, 1.0),
    ),
    dict(type='mmpretrain.PackInputs'),
]
whole_image = [
    dict(type='hirl_mm.LoadImage'),
    dict(type='mmpretrain.PackInputs'),
]
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='hirl_mm.FolderImages',
        data_root=data_root,
        data_prefix='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='hirl_mm.FolderImages',
        data_root=data_root,
        data_prefix='val',
        pipeline=whole_image,
    ),
)
val_evaluator = dict(type='mmpretrain.Accuracy', topk=(1, 5))
val_cfg = dict()
default_hooks = dict(
    logger=dict(interval=12), checkpoint=dict(interval=1, max_keep_ckpts=1)
)
randomness = dict(seed=0)
