# The multi-label protocol of VOC07 in seconds, on scenes of several digits
# that tools/dataset_converters/digit_scenes.py writes.
_base_ = ['../_base_/digits.py', '../_base_/resnet18_demo_frozen.py']

data_preprocessor = dict(to_onehot=True)
model = dict(
    head=dict(
        _delete_=True,
        type='hirl_mm.MaskedMultiLabelHead',
        in_channels=256,
        num_classes=10,
        init_cfg=dict(type='Normal', layer='Linear', std=0.01, bias=0.1),
    )
)
scenes = dict(
    _delete_=True,
    type='mmpretrain.VOC',
    data_root='data/digit_scenes',
    split='trainval',
    metainfo=dict(classes=list('0123456789')),
    pipeline=[
        dict(type='hirl_mm.LoadImage'),
        dict(
            type='mmpretrain.PackInputs',
            meta_keys=('sample_idx', 'img_path', 'gt_label_difficult'),
        ),
    ],
)
train_dataloader = dict(batch_size=32, dataset=scenes)
val_dataloader = dict(dataset=dict(scenes, split='test'))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[3, 5, 8], gamma=0.1)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10)
val_evaluator = dict(_delete_=True, type='mmpretrain.VOCAveragePrecision')
auto_scale_lr = dict(base_batch_size=32)
protocol = dict(name='multilabel', metric='multi-label/mAP')
