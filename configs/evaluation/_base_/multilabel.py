# Classifiers of several labels per image, as SS-PRL trains them: supplement,
# section B. All images, those of training too, are resized to 256 and cut in
# the middle. Loss, start of the classifier and clipped gradients are those of
# the released code.
_base_ = ['imagenet.py', 'resnet50.py']

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
    clip_grad=dict(max_norm=10.0),
)
val_evaluator = dict(_delete_=True, type='mmpretrain.VOCAveragePrecision')
