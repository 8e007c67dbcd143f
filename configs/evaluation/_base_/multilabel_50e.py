# A linear classifier of several labels per image: supplement of SS-PRL,
# section A. All images, those of training too, are resized to 256 and cut in
# the middle; the rate, which the paper searches from 1e-3 to 3 for every
# method, is where its released code stands on VOC07. "Divided by 10 three
# times at equal distances".
_base_ = ['imagenet.py', 'resnet50_frozen.py']

several_labels = dict(
    type='mmpretrain.PackInputs',
    meta_keys=('sample_idx', 'img_path', 'gt_label_difficult'),
)
pipeline = [*_base_.centre_crop[:-1], several_labels]
model = dict(
    head=dict(
        _delete_=True,
        type='hirl_mm.MaskedMultiLabelHead',
        in_channels=2048,
        num_classes=0,
        init_cfg=dict(type='Normal', layer='Linear', std=0.01, bias=0.1),
    )
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[13, 25, 38], gamma=0.1)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=50, val_interval=10)
val_evaluator = dict(_delete_=True, type='mmpretrain.VOCAveragePrecision')
