# Fine-tuning the demo's ResNet-18 with the labels of 10 % of the digits; the
# list is drawn by tools/dataset_converters/draw_subset.py.
_base_ = [
    '../_base_/digits.py',
    '../_base_/resnet18_demo.py',
    '../_base_/demo_finetune_10e.py',
]

train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        type='hirl_mm.LabelledImages',
        ann_file='meta/10percent.txt',
        num_classes=10,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [dict(_base_.param_scheduler[0], milestones=[12, 16])]
train_cfg = dict(max_epochs=20, val_interval=5)
auto_scale_lr = dict(base_batch_size=16)
protocol = dict(name='semisup-10pct')
