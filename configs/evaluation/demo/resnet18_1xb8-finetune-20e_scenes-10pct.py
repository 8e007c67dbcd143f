# Fine-tuning with several labels per image of 10 % of the scenes of digits;
# the list is drawn by tools/dataset_converters/multilabel_subset.py.
_base_ = './resnet18_1xb32-multilabel-10e_scenes.py'

model = dict(backbone=dict(frozen_stages=-1))
train_dataloader = dict(
    batch_size=8,
    dataset=dict(image_set_path='ImageSets/Main/trainval-10pct.txt'),
)
optim_wrapper = dict(
    optimizer=dict(lr=0.003),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0))),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[12, 16], gamma=0.2)
]
train_cfg = dict(max_epochs=20, val_interval=5)
auto_scale_lr = dict(base_batch_size=8)
protocol = dict(name='multilabel-semisup-10pct')
